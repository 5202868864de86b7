"""`realesr-data synth`: pictures made of nothing, with no licence question."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from data_tools.commands.progress import StageLine
from realesr.commands.options import AsJson, Workers
from realesr.commands.report import printable, say
from realesr.errors import ParameterError
from realesr.inference.batch import INTERRUPTED

# Written out, so that the help page need not load what draws.
KINDS = ("leaves", "text", "drawing", "texture", "chart", "fields")
EXAMPLE = "Example: realesr-data synth -o synthetic --kind leaves --count 100 --seed 7"


def synth(
    output: Annotated[Path, typer.Option("-o", "--output", help="A folder, made if absent.")],
    kind: Annotated[
        list[str] | None,
        typer.Option(help=f"One of {', '.join(KINDS)}; may be given again. [all, in turn]"),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="Pictures in all.")] = 10,
    size: Annotated[str, typer.Option(help="Side in pixels, or WIDTHxHEIGHT.")] = "512",
    seed: Annotated[
        int, typer.Option(min=0, help="Of the first picture; the next takes one more.")
    ] = 0,
    workers: Workers = 0,
    force: Annotated[bool, typer.Option("--force", help="Make again what is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make pictures from seeds: dead leaves, text, drawings, textures, test charts, flat fields.

    A seed gives the same picture every time. What is there already is left as it is, so a run that
    was stopped is simply begun again. pictures.csv says that all of it is CC0.
    """
    from data_tools.synthetic.writing import Made, plan_pictures, write_pictures
    from data_tools.working import processors

    plans = plan_pictures(kind or list(KINDS), count, seed)
    states: list[Made] = []
    line, stopped = StageLine(), ""
    processes = min(workers or processors(), count)
    try:
        for made in write_pictures(output, plans, _size(size), workers=processes, force=force):
            states.append(made)
            line.update("made", len(states), count)
    except KeyboardInterrupt:
        stopped = f"Stopped after {len(states)} of {count}. What is done is there and whole."
    finally:
        line.close()
    done = sum(made.state == "done" for made in states)
    document: dict[str, Any] = {
        "folder": str(output),
        "done": done,
        "skipped": len(states) - done,
        "stopped": stopped or None,
        "files": [
            {
                "file": made.path.name,
                "kind": made.plan.kind,
                "seed": made.plan.seed,
                "state": made.state,
            }
            for made in states
        ],
    }
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        typer.echo(printable(f"{done} made, {len(states) - done} there already: {output}"))
    if stopped:
        say(stopped)
        raise typer.Exit(INTERRUPTED)


def _size(words: str) -> int | tuple[int, int]:
    """What ``--size`` says, as one side or as height and width.

    >>> _size("512"), _size("640x480")
    (512, (480, 640))
    """
    found = re.fullmatch(r"(\d{1,6})(?:[x×](\d{1,6}))?", words.strip().lower())
    if not found:
        raise ParameterError("E001", f"{words} is no size.", "Give a side such as 512, or 640x480.")
    return (int(found[2]), int(found[1])) if found[2] else int(found[1])
