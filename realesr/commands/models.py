"""`realesr models`: what there is, and the facts of one."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from realesr.models.catalogue import DEFAULT_MODEL, ModelSpec, known_models

app = typer.Typer(help="The models realesr knows.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Name = Annotated[str, typer.Argument(help="A name of `realesr models list`, or a weights file.")]


@app.command("list", epilog="Example: realesr models list")
def list_models(as_json: AsJson = False) -> None:
    """List the known models, the bundled ones first."""
    from realesr.models.loading import local_names

    known = known_models()
    others = [name for name in local_names() if name not in {spec.name for spec in known}]
    if as_json:
        entries = [{**spec.as_dict(), "place": _place(spec)} for spec in known]
        typer.echo(json.dumps({"models": entries, "local": others}, ensure_ascii=False, indent=2))
        return
    for spec in known:
        star = "*" if spec.name == DEFAULT_MODEL else " "
        typer.echo(f"{star} {spec.name:<32} x{spec.scale}  {_place(spec):<9} {spec.description}")
    for name in others:
        typer.echo(f"  {name:<32} --  local     In a folder of REALESR_WEIGHTS.")
    typer.echo("\n* the default.  remote: fetched when first used.")


def _place(spec: ModelSpec) -> str:
    """Where the weights are: bundled, in a folder of REALESR_WEIGHTS, or fetched when used."""
    from realesr.models.loading import local_names

    if spec.is_bundled:
        return "bundled"
    return "local" if spec.name in local_names() else "remote"


@app.command("show", epilog="Example: realesr models show starter-x4")
def show_model(name: Name, as_json: AsJson = False) -> None:
    """Show all that is known of a model."""
    from realesr.models.loading import describe_model

    facts = describe_model(name).as_dict()
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    for label, value in facts.items():
        if value not in (None, ""):
            typer.echo(f"{label:<12} {value}")


@app.command("pull", epilog="Example: realesr models pull realesr-general-x4v3")
def pull_model(name: Name) -> None:
    """Fetch the weights of a model, so that it runs without network."""
    from realesr.models.loading import locate

    typer.echo(str(locate(name)[1]))
