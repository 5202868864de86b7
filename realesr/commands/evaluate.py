"""`realesr evaluate`: models x data sets x recipes to a table that says how it was made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realesr.commands.degrade import PRESETS
from realesr.commands.holding import stops_held
from realesr.commands.options import AsJson
from realesr.commands.report import BatchBar, say
from realesr.errors import ParameterError
from realesr.images.safefile import check_target, make_folder, refuse_overwriting, write_file
from realesr.inference.batch import INTERRUPTED
from realesr.models.catalogue import DEFAULT_MODEL

if TYPE_CHECKING:
    from realesr.degradations import Recipe
    from realesr.quality.evaluation import Evaluation
    from realesr.quality.evaluation.known import Entry
    from realesr.quality.evaluation.running import Pictures

EXAMPLE = (
    "Example: realesr evaluate photos --model bicubic --model lab-x4 --recipe gentle -o table.md"
)


def evaluate(
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            help="Folders of sharp pictures, or samples, samples:coffee,rocket, a .parquet file, "
            "hf://user/name; each is a data set of its own. [samples]"
        ),
    ] = None,
    model: Annotated[
        list[str],
        typer.Option(
            "--model",
            help=f"A name or weights file; may be given again. [bicubic, {DEFAULT_MODEL}]",
        ),
    ] = [],  # noqa: B006  typer reads it and never changes it
    recipe: Annotated[
        list[str],
        typer.Option(
            "--recipe",
            help=f"One of {', '.join(PRESETS)}; or a .json or .toml file; may be given again.",
        ),
    ] = ["bicubic_only"],  # noqa: B006
    scale: Annotated[int, typer.Option(min=1, max=8, help="HR side / LR side, for presets.")] = 4,
    measure: Annotated[
        list[str],
        typer.Option(
            "--measure",
            help="psnr, psnr-y, ssim, ssim-rgb, ms-ssim, lpips, colour-shift, consistency, niqe; "
            "may be given again. [psnr, ssim, lpips where its weights are here, consistency]",
        ),
    ] = [],  # noqa: B006
    against: Annotated[
        str | None, typer.Option(help="The model that others are compared with. [the first]")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the degradations.")] = 0,
    count: Annotated[
        int | None, typer.Option(min=1, help="At most so many pictures of each data set.")
    ] = None,
    crop: Annotated[
        int | None, typer.Option(min=32, help="Only the middle of each picture, in pixels.")
    ] = None,
    output: Annotated[
        list[Path],
        typer.Option("-o", "--output", help="A .md, .csv or .json file; may be given again."),
    ] = [],  # noqa: B006
    worst: Annotated[
        Path | None, typer.Option(help="A .png for the places where each model failed most.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="A .png for quality against time and parameters.")
    ] = None,
    known_table: Annotated[
        bool,
        typer.Option(
            "--known-table",
            help="The table everybody knows: plain filters, the papers' networks and every model "
            "on this machine, beside the figures that circulate.",
        ),
    ] = False,
    precision: Annotated[
        str, typer.Option(help="Number type of the results: fp32, auto, bf16 or fp16.")
    ] = "fp32",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    speed: Annotated[bool, typer.Option(help="Measure the time on 256x256 pixels too.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    as_json: AsJson = False,
) -> None:
    """Judge models on pictures whose truth is known, and say how sure the figures are.

    Every picture is shrunk and damaged by the recipe, every model enlarges the very same input, and
    the results are compared with the pictures.
    """
    check_files(output, (".md", ".csv", ".json"), force=force)
    check_files([path for path in (worst, plot) if path], (".png",), force=force)
    if known_table and (model or measure or count or crop or len(pictures or ()) > 1):
        raise ParameterError(
            "E001",
            "--known-table says itself which models and measures, and takes one data set, whole.",
            "Leave --model, --measure, --count and --crop out.",
        )
    from realesr.models.locating import locate
    from realesr.quality.evaluation import data_set_names, known_entries, measures
    from realesr.quality.evaluation import evaluate as run
    from realesr.train.sources import open_source

    measures.chosen(measure)
    for name in model:
        locate(name)
    entries, strangers = known_entries() if known_table else ([], [])
    names = [entry.model for entry in entries if entry.model] or model
    recipes = [_recipe(name, scale) for name in recipe]
    sources = {name: open_source(text) for text, name in data_set_names(pictures or ["samples"])}
    bar = BatchBar(1.0, 1)
    found = run(
        names or ["bicubic", DEFAULT_MODEL],
        sources,
        recipes,
        measures=["psnr", "ssim"] if known_table else measure or None,
        seed=seed,
        count=count,
        crop=crop,
        precision=precision,
        device=device,
        speed=speed,
        progress=lambda done, total, what: bar.show(what, done / max(1, total)),
    )
    bar.clear()
    shown = Shown(found, against, entries, next(iter(sources.values())))
    with stops_held():
        for path in output:
            shown.write(path, force=force)
        if found.rows:
            shown.draw(worst, plot, force=force)
    typer.echo(shown.text(".json" if as_json else ".md"), nl=False)
    if strangers:
        say(f"No upscalers, passed over: {', '.join(each.what for each in strangers)}.")
    _leave(found)


@dataclass(frozen=True)
class Shown:
    """An evaluation on its way to a person.

    Attributes:
        found: The evaluation.
        against: The model that others are compared with.
        entries: The rows of the known table, where that is wanted.
        pictures: The first data set.
    """

    found: Evaluation
    against: str | None
    entries: list[Entry]
    pictures: Pictures

    def text(self, ending: str) -> str:
        """The evaluation as a file with that ending holds it."""
        from realesr.quality.evaluation import as_csv, as_document, as_known_table, as_markdown

        if ending == ".json":
            return json.dumps(as_document(self.found), ensure_ascii=False, indent=2) + "\n"
        if ending == ".csv":
            return as_csv(self.found)
        if self.entries:
            return as_known_table(self.found, self.entries, self.pictures)
        return as_markdown(self.found, against=self.against)

    def write(self, path: Path, *, force: bool) -> None:
        """Write a table."""
        write_file(path, self.text(path.suffix.lower()).encode(), force=force)
        say(f"{path} is written.")

    def draw(self, worst: Path | None, plot: Path | None, *, force: bool) -> None:
        """Write the pictures that were asked for."""
        from realesr.quality.evaluation import quality_plot, worst_places

        for path, make in ((worst, worst_places), (plot, quality_plot)):
            if path is not None:
                write_file(path, make(self.found), force=force)
                say(f"{path} is written.")


def check_files(paths: list[Path], endings: tuple[str, ...], *, force: bool) -> None:
    """Refuse before anything is measured what could not be written afterwards.

    Raises:
        ParameterError: E001 for another ending.
        PictureError: E113 for a file that is there.
    """
    for path in paths:
        if path.suffix.lower() not in endings:
            raise ParameterError(
                "E001",
                f"{path.name} ends in none of {', '.join(endings)}.",
                "The ending says what is written.",
            )
        refuse_overwriting(path, force=force)
        make_folder(path.parent)
        check_target(path)


def _recipe(name: str, scale: int) -> Recipe:
    from realesr.degradations import load_recipe, presets

    if Path(name).suffix.lower() in (".json", ".toml"):
        return load_recipe(name)
    return presets.preset(name, scale)


def _leave(found: Evaluation) -> None:
    """End with the exit code that fits: stopped, something left out, or done."""
    for each in found.refused:
        say(f"{each.what}: {each.error}")
    if found.stopped:
        say(found.stopped)
        raise typer.Exit(INTERRUPTED)
    if found.refused:
        raise typer.Exit(found.refused[0].error.exit_code)
