"""Every command of the `realesr-data` program, wired together: a new one is one line here."""

from __future__ import annotations

import typer

from data_tools.commands import build, inspect, push, synth, verify
from realesr.commands.wiring import Program

app = typer.Typer(
    name="realesr-data",
    cls=Program,
    help="From a heap of pictures to a data set that others can judge, repeat and cite.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root() -> None:
    """From a heap of pictures to a data set that others can judge, repeat and cite."""


app.command("build", epilog=build.EXAMPLE)(build.build)
app.command("inspect", epilog=inspect.EXAMPLE)(inspect.inspect)
app.command("synth", epilog=synth.EXAMPLE)(synth.synth)
app.command("push", epilog=push.EXAMPLE)(push.push)
app.command("verify", epilog=verify.EXAMPLE)(verify.verify)
