"""`realesr-data push`: a built data set to the Hub, shown first, never half visible."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from realesr.commands.options import AsJson
from realesr.commands.report import BatchBar, printable, say
from realesr.errors import ParameterError

__all__ = ["EXAMPLE", "push"]

EXAMPLE = "Example: realesr-data push sets/maps --repo ada/old-maps"


def push(
    folder: Annotated[Path, typer.Argument(help="What `realesr-data build` made.")],
    repo: Annotated[str, typer.Option(help="Where to: user/name on the Hugging Face Hub.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show it and send nothing; so without --yes.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Publish it.")] = False,
    private: Annotated[
        bool, typer.Option("--private/--public", help="Seen by you alone, or by everyone.")
    ] = True,
    shard: Annotated[int, typer.Option(min=1, max=5000, help="Megabytes of one file, about.")] = (
        256
    ),
    as_json: AsJson = False,
) -> None:
    """Publish a data set with its card, or show what would be published.

    Readers see nothing of it until all of it is there; stopped, the same command goes on.
    """
    from data_tools.publishing.planning import forget_files, plan_set
    from realesr.hub.leaks import check_leaks
    from realesr.hub.plan import check_name
    from realesr.hub.uploading import Uploader
    from realesr.inference.claiming import Claim

    if dry_run and yes:
        raise ParameterError("E001", "--dry-run and --yes contradict each other.", "Leave one out.")
    check_name(repo)
    with Claim(folder):
        reading = BatchBar(1, 1)
        plan, card = plan_set(
            folder,
            repo,
            public=not private,
            shard_bytes=shard << 20,
            told=lambda done, total: reading.show("reading", done / max(total, 1)),
        )
        reading.clear()
        check_leaks(plan.files)
        if not yes:
            if as_json:
                told = {"published": False, **plan.as_dict(), "card": card.text()}
                typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
                return
            lines = [*plan.lines(), "", "README.md:", ""]
            lines += [f"  {line}" for line in card.text().splitlines()]
            for line in [*lines, "", "Nothing was sent: this is a dry run. --yes publishes it."]:
                typer.echo(printable(line))
            return
        bar = BatchBar(plan.total, 1)
        made = Uploader(progress=lambda done, total: bar.show(repo, done)).push(plan)
        bar.clear()
        document = {**plan.as_dict(), **vars(made), "published": True}
        forget_files(folder)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    state = "published" if made.changed else "was there already, byte for byte"
    seen = "everyone" if plan.public else "you alone"
    typer.echo(f"{made.address} {state}; seen by {seen} (commit {made.commit[:12]})")
    say(f"Check it: realesr-data verify {repo} --against {folder}")
