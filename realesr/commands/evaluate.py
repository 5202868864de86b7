"""`realesr evaluate`: models x data sets x recipes to a table that says how it was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realesr.commands.degrade import PRESETS
from realesr.commands.report import BatchBar, say
from realesr.errors import ParameterError
from realesr.images.safefile import check_target, make_folder, refuse_overwriting, write_file
from realesr.inference.batch import INTERRUPTED
from realesr.models.catalogue import DEFAULT_MODEL

if TYPE_CHECKING:
    from realesr.degradations import Recipe
    from realesr.quality.evaluation import Evaluation

EXAMPLE = (
    "Example: realesr evaluate photos --model bicubic --model starter-x4 --recipe gentle "
    "-o table.md"
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
        list[str], typer.Option("--model", help="A name or weights file; may be given again.")
    ] = ["bicubic", DEFAULT_MODEL],  # noqa: B006  typer reads it and never changes it
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
            help="psnr, psnr-y, ssim, ssim-rgb, ms-ssim, lpips, colour-shift, consistency; may be "
            "given again. [psnr, ssim, lpips where its weights are here, consistency]",
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
    precision: Annotated[
        str, typer.Option(help="Number type of the results: fp32, auto, bf16 or fp16.")
    ] = "fp32",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    speed: Annotated[bool, typer.Option(help="Measure the time on 256x256 pixels too.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on standard output.")
    ] = False,
) -> None:
    """Judge models on pictures whose truth is known, and say how sure the figures are.

    Every picture is shrunk and damaged by the recipe, every model enlarges the very same input, and
    the results are compared with the pictures.
    """
    check_files(output, (".md", ".csv", ".json"), force=force)
    from realesr.models.locating import locate
    from realesr.quality.evaluation import as_document, as_markdown, data_set_names
    from realesr.quality.evaluation import evaluate as run
    from realesr.quality.evaluation.measures import chosen
    from realesr.train.sources import open_source

    chosen(measure)
    for name in model:
        locate(name)
    recipes = [_recipe(name, scale) for name in recipe]
    sources = {name: open_source(text) for text, name in data_set_names(pictures or ["samples"])}
    bar = BatchBar(1.0, 1)

    def progress(done: int, total: int, what: str) -> None:
        bar.show(what, done / max(1, total))

    found = run(
        model, sources, recipes, measures=measure or None, seed=seed, count=count, crop=crop,
        precision=precision, device=device, speed=speed, progress=progress,
    )  # fmt: skip
    bar.clear()
    for path in output:
        _write(found, path, against, force=force)
    if as_json:
        typer.echo(json.dumps(as_document(found), ensure_ascii=False, indent=2))
    else:
        typer.echo(as_markdown(found, against=against))
    _leave(found)


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


def _write(found: Evaluation, path: Path, against: str | None, *, force: bool) -> None:
    from realesr.quality.evaluation import as_csv, as_document, as_markdown

    kind = path.suffix.lower()
    if kind == ".json":
        text = json.dumps(as_document(found), ensure_ascii=False, indent=2) + "\n"
    else:
        text = as_csv(found) if kind == ".csv" else as_markdown(found, against=against)
    write_file(path, text.encode(), force=force)
    say(f"{path} is written.")


def _leave(found: Evaluation) -> None:
    """End with the exit code that fits: stopped, something left out, or done."""
    for each in found.refused:
        say(f"{each.what}: {each.error}")
    if found.stopped:
        say(found.stopped)
        raise typer.Exit(INTERRUPTED)
    if found.refused:
        raise typer.Exit(found.refused[0].error.exit_code)
