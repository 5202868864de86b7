"""The `realesr` program: commands are wired here and live in `realesr.commands`."""

from __future__ import annotations

import json
import os
import sys

import typer

from realesr import __version__
from realesr.commands import bench, degrade, models, upscale
from realesr.errors import RealesrError
from realesr.inference.memory import keep_freed_memory

app = typer.Typer(
    name="realesr",
    help="Degrade pictures in steps you can see, repair them, and show how well it went.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"realesr {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Degrade pictures in steps you can see, repair them, and show how well it went."""


app.command("upscale", epilog=upscale.EXAMPLE)(upscale.upscale)
app.command("degrade", epilog=degrade.EXAMPLE)(degrade.degrade)
app.command("bench", epilog=bench.EXAMPLE)(bench.bench)
app.add_typer(models.app, name="models")


def main() -> None:
    """Run the program; every failure is one coded sentence and its own exit code."""
    keep_freed_memory()
    try:
        app()
    except RealesrError as error:
        _report(error.as_dict(), str(error), error.exit_code)
    except Exception as error:
        if os.environ.get("REALESR_DEBUG"):
            raise
        sentence = f"E901 realesr failed by its own fault ({type(error).__name__}: {error})."
        advice = "REALESR_DEBUG=1 shows where; please report it."
        parts = {"code": "E901", "cause": sentence[5:], "tried": "", "next_step": advice}
        _report(parts, f"{sentence} {advice}", 70)


def _report(parts: dict[str, str], sentence: str, exit_code: int) -> None:
    if "--json" in sys.argv:
        typer.echo(json.dumps({"error": parts}, ensure_ascii=False, indent=2))
    typer.echo(sentence, err=True)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
