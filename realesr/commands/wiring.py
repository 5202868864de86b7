"""Every command of the `realesr` program, wired together."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from realesr import __version__
from realesr.commands import (
    bench,
    degrade,
    doctor,
    evaluate,
    honesty,
    inspect,
    models,
    publish,
    train,
    upscale,
)
from realesr.hub.leaks import refuse_words


class CarriedError(BaseException):
    """What a command raised and the parser would answer in a way of its own."""

    def __init__(self, fault: BaseException) -> None:
        self.fault = fault


class Program(TyperGroup):
    """The commands, without the parser's own words for Ctrl-C and a full disk."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Look at every word, before anything repeats a token, then take them apart."""
        refuse_words(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, OSError) as fault:
            raise CarriedError(fault) from fault


app = typer.Typer(
    name="realesr",
    cls=Program,
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
app.command("inspect", epilog=inspect.EXAMPLE)(inspect.inspect)
app.command("honesty", epilog=honesty.EXAMPLE)(honesty.honesty)
app.command("train", epilog=train.EXAMPLE)(train.train)
app.command("doctor", epilog=doctor.EXAMPLE)(doctor.doctor)
app.command("evaluate", epilog=evaluate.EXAMPLE)(evaluate.evaluate)
app.command("bench", epilog=bench.EXAMPLE)(bench.bench)
app.command("publish", epilog=publish.EXAMPLE)(publish.publish)
app.add_typer(models.app, name="models")
