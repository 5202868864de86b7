"""`realesr models`: what there is, the facts of one, fetching and converting."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated

import typer

from realesr.commands.options import AsJson
from realesr.models.catalogue import DEFAULT_MODEL, known_models

app = typer.Typer(help="The models realesr knows.", no_args_is_help=True)
Name = Annotated[
    str,
    typer.Argument(
        help="A name of `realesr models list`, a weights file or a folder with one, or user/name "
        "on the Hugging Face Hub."
    ),
]


@app.command("list", epilog="Example: realesr models list")
def list_models(as_json: AsJson = False) -> None:
    """List the known models, ours first, and the files in the folders of REALESR_WEIGHTS."""
    from realesr.models.locating import local_names, place_of

    known = known_models()
    others = [name for name in local_names() if name not in {spec.name for spec in known}]
    if as_json:
        entries = [{**spec.as_dict(), "place": place_of(spec)} for spec in known]
        typer.echo(json.dumps({"models": entries, "local": others}, ensure_ascii=False, indent=2))
        return
    for spec in known:
        star = "*" if spec.name == DEFAULT_MODEL else " "
        scale = "any" if spec.architecture == "resampler" else f"x{spec.scale}"
        typer.echo(f"{star} {spec.name:<31} {scale:<3} {place_of(spec):<8} {spec.description}")
    for name in others:
        typer.echo(f"  {name:<31} --  local    In a folder of REALESR_WEIGHTS.")
    typer.echo(
        "\n* the default.  bundled: comes along.  local: in a folder of REALESR_WEIGHTS.\n"
        "  cached: fetched before.  remote: fetched when first used."
    )


@app.command("show", epilog="Example: realesr models show lab-x4")
def show_model(name: Name, as_json: AsJson = False) -> None:
    """Show all that is known of a model; a file is read to find out."""
    facts = _facts(name)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    for label, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{argument} {given}" for argument, given in value.items())
        if value not in (None, ""):
            typer.echo(f"{label:<12} {value:,}" if type(value) is int else f"{label:<12} {value}")


def _facts(name: str) -> dict[str, object]:
    from realesr.models.locating import locate, place_of
    from realesr.models.weightfiles import open_weights

    known = next((spec for spec in known_models() if spec.name == name), None)
    if known and place_of(known) == "remote":
        return {**known.as_dict(), "place": "remote"}
    found = locate(name)
    if known is None:
        from realesr.models.loading import describe_model

        facts = describe_model(name).as_dict()
        place = "local" if found.source == str(found.path) else "cached"
    else:
        facts, place = known.as_dict(), place_of(known)
    stored = open_weights(found.path).stored.values() if found.path else ()
    return {
        **facts,
        "place": place,
        "file": str(found.path) if found.path else None,
        "parameters": sum(math.prod(tensor.shape) for tensor in stored),
        "numbers": ", ".join(sorted({tensor.storage.dtype for tensor in stored})),
    }


@app.command("pull", epilog="Example: realesr models pull realesr-general-x4v3")
def pull_model(name: Name) -> None:
    """Fetch the weights of a model, so that it runs without network."""
    from realesr.models.locating import locate

    path = locate(name).path
    typer.echo(str(path) if path else f"{name} has no weights; there is nothing to fetch.")


@app.command("convert", epilog="Example: realesr models convert old.pth -o new.safetensors")
def convert_model(
    file: Annotated[Path, typer.Argument(help="A .pth or .safetensors file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="NAME.safetensors.")],
    half: Annotated[bool, typer.Option("--half", help="Store 16-bit numbers, half the size.")] = (
        False
    ),
    licence: Annotated[
        str | None, typer.Option(help="SPDX identifier, where you know it: BSD-3-Clause.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    as_json: AsJson = False,
) -> None:
    """Turn a .pth file into safetensors, in a child process without network.

    Nothing in a file is ever run. The result carries the architecture, its scale, the licence, and
    the name and sha256 of the source, and holds the very same numbers.
    """
    from realesr.models.conversion import convert

    made = convert(file, output, half=half, licence=licence, force=force)
    if as_json:
        facts = {"file": str(output), "size": output.stat().st_size, "metadata": made.metadata}
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    told = made.metadata
    scale = f" x{told['scale']}" if "scale" in told else ""
    typer.echo(f"{output}: {told['architecture']}{scale}, licence {told['licence']}")
