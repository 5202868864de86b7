"""`realesr publish`: a run or a weights file to a model others find, trust and open by name."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realesr.commands.options import AsJson
from realesr.commands.report import BatchBar, printable, say
from realesr.errors import ParameterError

if TYPE_CHECKING:
    from realesr.hub.plan import Plan
    from realesr.hub.uploading import Published
    from realesr.publishing.variant import Variant

EXAMPLE = "Example: realesr publish runs/old-maps --repo ada/old-maps-x4"


def publish(
    target: Annotated[
        Path, typer.Argument(metavar="RUN|FILE", help="A run's output folder, or a weights file.")
    ],
    repo: Annotated[str, typer.Option(help="Where to: user/name on the Hugging Face Hub.")],
    about: Annotated[
        Path | None, typer.Option(help="What only you can say. [about.toml beside it, if there]")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show it and send nothing; so without --yes.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Publish it.")] = False,
    private: Annotated[
        bool, typer.Option("--private/--public", help="Seen by you alone, or by everyone.")
    ] = True,
    space: Annotated[
        bool, typer.Option("--space", help="A lab on the Hub with this model first, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Publish a trained model with its card, or show what would be published.

    Weights, configuration, recipe, curves, examples and a card made from what is known; what only
    you can say comes from about.toml, and what is missing there is listed.
    """
    if dry_run and yes:
        raise ParameterError("E001", "--dry-run and --yes contradict each other.", "Leave one out.")
    variant = _variant(target, repo, about, public=not private)
    if yes:
        variant.check()
    variant = dataclasses.replace(_measured(variant), space=space)
    plans = [variant.plan]
    if space:
        from realesr.publishing.space import space_of

        plans.append(space_of(variant).plan)
    if yes:
        made = [_push(plan) for plan in plans]
        _tell_published(plans, made, as_json=as_json)
    else:
        _tell_plan(variant, plans, as_json=as_json)


def _variant(target: Path, repo: str, about: Path | None, *, public: bool) -> Variant:
    from realesr.hub.plan import check_name
    from realesr.publishing.about import NAME, read_about
    from realesr.publishing.facts import RUN_CONFIG, gather
    from realesr.publishing.variant import Variant

    check_name(repo)
    if not target.exists():
        raise ParameterError("E001", f"{target.name} is not there.", "Check the path.")
    beside = [(target if target.is_dir() else target.parent) / NAME]
    if target.is_dir() and not (target / RUN_CONFIG).is_file():
        beside.append(target.parent / NAME)  # a step of a run: what is said of the run holds
    words = read_about(about or next(filter(Path.is_file, beside), None))
    facts = gather(target)
    return Variant(repo, facts, words, public)


def _measured(variant: Variant) -> Variant:
    """The same with what a call costs, where it can be measured."""
    from realesr.publishing.variant import measure

    return dataclasses.replace(variant, timing=measure(variant.facts))


def _push(plan: Plan) -> Published:
    from realesr.hub.uploading import Uploader

    bar = BatchBar(plan.total, 1)
    made = Uploader(progress=lambda done, total: bar.show(plan.repository, done)).push(plan)
    bar.clear()
    return made


def _tell_plan(variant: Variant, plans: list[Plan], *, as_json: bool) -> None:
    from realesr.publishing.variant import next_step

    findings = variant.findings()
    if as_json:
        told = {
            "published": False,
            "repositories": [plan.as_dict() for plan in plans],
            "card": variant.card.text(),
            "to_clear": [each.sentence for each in findings if each.stops],
            "to_know": [each.sentence for each in findings if not each.stops],
        }
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for plan in plans:
        for line in plan.lines():
            typer.echo(printable(line))
        typer.echo("")
    typer.echo("README.md of the model:\n")
    for line in variant.card.text().splitlines():
        typer.echo("  " + printable(line))
    typer.echo("")
    for finding in findings:
        typer.echo(printable(f"{'To clear' if finding.stops else 'To know'}: {finding.sentence}"))
    if advice := next_step(findings):
        typer.echo(advice)
    typer.echo("Nothing was sent: this is a dry run. --yes publishes it.")


def _tell_published(plans: list[Plan], made: list[Published], *, as_json: bool) -> None:
    if as_json:
        listed = [
            {**plan.as_dict(), "address": each.address, "commit": each.commit}
            | {"changed": each.changed}
            for plan, each in zip(plans, made, strict=True)
        ]
        document = {"published": True, "repositories": listed}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for plan, each in zip(plans, made, strict=True):
        state = "published" if each.changed else "was there already, byte for byte"
        seen = "everyone" if plan.public else "you alone"
        typer.echo(f"{each.address} {state}; seen by {seen} (commit {each.commit[:12]})")
    say(f"Try it: realesr upscale photo.jpg -o large.png --model {plans[0].repository}")
