"""The model card: what is known in sentences and tables, and what only a person can write.

Reference: Mitchell et al., Model Cards for Model Reporting, FAT* 2019 (arXiv:1810.03993), whose
sections these are; huggingface.co/docs/hub/model-cards for the YAML on top.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from realesr import __version__
from realesr.hub.licences import find_licence
from realesr.models.catalogue import Training
from realesr.publishing.about import About
from realesr.publishing.chain import Chain
from realesr.publishing.facts import Facts, Run
from realesr.publishing.wording import SAID, elsewhere, link, picked, table, unwritten, wrapped
from realesr.train.progress import spoken_time

CURVES, EXAMPLES = "curves.png", "examples.png"
TRAINING, RECIPE = "training.toml", "recipe.json"
EVALUATION = ".eval_results/held-out.yaml"
_LABELS = {"psnr": "PSNR, dB", "ssim": "SSIM", "lpips": "LPIPS (less is better)"}
_NAMES = {
    "compact": "Compact (SRVGGNetCompact)",
    "rrdbnet": "RRDBNet",
    "srresnet": "SRResNet",
    "srcnn": "SRCNN",
}
_PROTOCOLS = {
    "psnr": "PSNR: RGB, 8 bit, border of the scale.",
    "ssim": "SSIM: Y of BT.601 (16 to 235), border of the scale, 7x7 uniform window, data range "
    "219.",
    "lpips": "LPIPS: SqueezeNet 1.1 backbone, version 0.1, whole picture.",
}
_MEAN = "Each figure is the mean over the pictures, which the network never learned from."
_TAGS = ("super-resolution", "image-restoration", "real-esrgan")
_PLAUSIBLE = (
    "What such a network draws is a plausible guess, not evidence: it must not be used to make a "
    "person, a plate or a text recognisable that the input does not show."
)


@dataclass(frozen=True)
class Timing:
    """What running it costs, as measured while publishing.

    Attributes:
        side: Of the square input, in pixels.
        seconds: Of one call, array to array.
        memory: Peak bytes above the loaded program.
        threads: How many processors were used.
    """

    side: int
    seconds: float
    memory: int
    threads: int


@dataclass(frozen=True)
class Card:
    """All that a card is made from.

    Attributes:
        repository: ``user/name``.
        facts: What is known of the model.
        about: What a person wrote.
        chain: Where it comes from.
        pictures: Which of ``curves.png`` and ``examples.png`` go with it.
        timing: What running it costs.
        space: Whether a Space with it is published too.
    """

    repository: str
    facts: Facts
    about: About
    chain: Chain
    pictures: frozenset[str] = frozenset()
    timing: Timing | None = None
    space: bool = False

    @property
    def title(self) -> str:
        """What the card is headed."""
        return self.about.title or self.repository.partition("/")[2]

    def missing(self) -> list[str]:
        """What a person must still write, as ``about.toml`` calls it, each with a reason."""
        wanted = {
            "summary": (self.about.summary, "one sentence on what it does"),
            "purpose": (self.about.purpose, "which pictures it is for"),
            "not_for": (self.about.not_for, "which pictures and uses it is not for"),
            "licence": (self.about.licence, "on which terms others may use it (SPDX name)"),
        }
        asked = [f"{name}: {why}" for name, (given, why) in wanted.items() if not given]
        if not self.chain.sources:
            asked.append("[[data]]: which pictures it learned from, and their licence")
        return asked

    def text(self) -> str:
        """The whole of ``README.md``."""
        body = wrapped("\n".join(self._lines()))
        return f"---\n{self.metadata()}---\n\n{body}\n"

    def metadata(self) -> str:
        """The YAML on top, as ``huggingface_hub`` writes it."""
        from huggingface_hub import ModelCardData

        licence = find_licence(self.about.licence)
        other = licence is None or licence.hub == "other"
        run, spec = self.facts.run, self.facts.spec
        data = ModelCardData(
            license="other" if other else licence.hub if licence else None,
            license_name=(self.about.licence or "to-be-chosen").lower() if other else None,
            library_name="realesr",
            pipeline_tag="image-to-image",
            tags=[*_TAGS, spec.architecture, f"x{spec.scale}"],
            base_model=self.chain.base_id or None,
            base_model_relation="finetune" if self.chain.base_id else None,
            datasets=self.chain.datasets() or None,
            model_name=self.title if run and run.scores else None,
            eval_results=self._results() if run and run.scores else None,
        )
        return data.to_yaml() + "\n"

    def _results(self) -> list[Any]:
        from huggingface_hub import EvalResult

        run = self.facts.run
        assert run is not None
        return [
            EvalResult(
                task_type="image-to-image",
                task_name="Super-resolution",
                dataset_type="held-out",
                dataset_name=_held_out(run),
                metric_type=name,
                metric_name=_LABELS[name].partition(",")[0].partition(" ")[0],
                metric_value=round(value, 4),
            )
            for name, value in run.scores.items()
        ]

    def _lines(self) -> Iterator[str]:
        yield from (f"# {self.title}", "", self.about.summary or unwritten("summary"), "")
        if EXAMPLES in self.pictures:
            yield f"![Input, bicubic, this model, truth]({EXAMPLES})\n"
            if self.facts.run:
                yield f"{picked(self.facts.run.held_out)}\n"
        yield from self._glance()
        yield from ("", "## For what, and for what not", "")
        yield from (self.about.purpose or unwritten("purpose"), "")
        yield from (f"Not for: {self.about.not_for or unwritten('not_for')}", "", _PLAUSIBLE, "")
        yield from self._how_to_run()
        yield from ("## How well it does", "")
        if self.facts.run and self.facts.run.scores:
            yield from self._scores(self.facts.run)
        elif not self.facts.evaluation:
            yield from ("It was not measured.", "")
        if self.facts.evaluation:
            yield from ("Measured with `realesr evaluate`:", "", self.facts.evaluation.strip(), "")
        if self.facts.run:
            yield from self._training(self.facts.run)
        yield from self._origin()
        yield from self._cost()
        yield from self._ending()

    def _glance(self) -> Iterator[str]:
        spec = self.facts.spec
        arguments = ", ".join(f"{n} {v}" for n, v in spec.arguments.items() if n != "scale")
        name = _NAMES.get(spec.architecture, spec.architecture)
        size = (spec.size or 0) / 1e6
        rows = {
            "Enlarges by": f"{spec.scale}",
            "Network": f"{name}: {arguments}",
            "Parameters": f"{self.facts.parameters:,} ({size:.2f} MB)",
            "Receptive radius": f"{spec.radius} pixels of the input",
            "Began with": self.chain.base or "random weights" if self.facts.run else "not known",
            "Licence": self.about.licence or unwritten("licence"),
            "Made by": ", ".join(self.about.authors) or self.repository.partition("/")[0],
            "sha256 of model.safetensors": f"`{spec.sha256}`",
        }
        yield from table(("", ""), [list(row) for row in rows.items()])

    def _how_to_run(self) -> Iterator[str]:
        name = self.repository
        browser = f", or in a browser at huggingface.co/spaces/{name}-lab" if self.space else ""
        yield f"""## How to run it

With realesr {__version__} or newer:

```bash
realesr upscale photo.jpg -o photo_x{self.facts.spec.scale}.png --model {name}
```

```python
from realesr import Upscaler, load_model, read_picture, write_picture

picture = read_picture("photo.jpg")
upscaler = Upscaler(load_model("{name}"))
write_picture(picture.with_pixels(upscaler(picture.pixels)), "photo_large.png")
```

In the lab: `REALESR_FIRST_MODEL={name} realesr-lab`{browser}. Nothing but
`model.safetensors` and `config.json` is fetched, and no code comes with it.

{elsewhere(self.facts.spec)}

{SAID[self.training]}
"""

    @property
    def training(self) -> Training:
        """Whether a discriminator taught it, as far as that is known."""
        run = self.facts.run
        return self.facts.spec.training if run is None else run.training

    def _scores(self, run: Run) -> Iterator[str]:
        rows: list[tuple[str, Mapping[str, float]]] = [("bicubic", run.bicubic)]
        if run.base:
            rows.append((self.chain.base or "what it began with", run.base))
        rows.append((f"**{self.title}**", run.scores))
        names = list(run.scores)
        digits = {"psnr": 2, "ssim": 4, "lpips": 4}
        cells = [
            [who, *(f"{of[n]:.{digits[n]}f}" if n in of else "–" for n in names)]
            for who, of in rows
        ]
        yield from (f"On {_held_out(run)}.", "")
        yield from table(("", *(_LABELS[name] for name in names)), cells)
        yield from ("", " ".join([*(_PROTOCOLS[name] for name in names), _MEAN]), "")
        weights = "the published weights" if run.scored == run.step else f"step {run.scored:,}"
        yield f"They are the figures of {weights} (step {run.step:,} of {run.steps_done:,}).\n"
        if run.worse:
            yield f"On these pictures its {run.worse}.\n"
        if run.adversarial:
            yield (
                "A discriminator taught it, so its detail looks real rather than being close "
                "pixel by pixel: a lower PSNR than that of bicubic is no surprise.\n"
            )

    def _training(self, run: Run) -> Iterator[str]:
        config = run.config
        kind = "with a discriminator (RealESRGAN)" if run.adversarial else "without a discriminator"
        chosen = self.facts.weights.parent.name == "best"
        best = "; the best of the run are published" if chosen else ""
        yield from ("## How it was trained", "")
        yield from table(
            ("", ""),
            [
                ["Stage", kind],
                ["Steps", f"{run.step:,} of {run.steps_done:,}{best}"],
                ["Batch", f"{config.batch_size} pieces of {config.data.patch} pixels"],
                ["Degraded by", f"`{_recipe_name(config.data.recipe)}` ({RECIPE})"],
                [
                    "Optimiser",
                    f"Adam, {config.optimiser.learning_rate:g}, {config.optimiser.schedule}",
                ],
                ["Average of the weights", f"{config.ema:g}"],
                ["Seed", f"{config.seed}"],
                ["Time", f"{spoken_time(run.seconds)}, {run.rate:.0f} pieces a second"],
                ["Made with", f"realesr {run.version}"],
                *[[f"Fingerprint of the {name}", f"`{mark}`"] for name, mark in run.data.items()],
            ],
        )
        yield (
            f"\nThe configuration is in [{TRAINING}]({TRAINING}): `realesr train {TRAINING}` "
            "repeats the run where the same pictures are. A draw depends on the seed, the epoch "
            "and the picture alone.\n"
        )
        if CURVES in self.pictures:
            yield f"![Losses, scores and learning rates over the steps]({CURVES})\n"

    def _origin(self) -> Iterator[str]:
        yield from ("## Pictures and licences", "")
        if self.chain.sources:
            rows = [
                [link(each.name, each.url), each.licence or "not known", each.credit]
                for each in self.chain.sources
            ]
            yield from table(("pictures", "licence", "credit"), rows)
        else:
            yield unwritten("[[data]]")
        if self.chain.base:
            licence = self.chain.base_licence or "licence not known"
            yield f"\nTrained further from `{self.chain.base}` ({licence})."
        yield ""

    def _cost(self) -> Iterator[str]:
        if self.timing is None:
            return
        side, large = self.timing.side, self.timing.side * self.facts.spec.scale
        cores = "one CPU core" if self.timing.threads == 1 else f"{self.timing.threads} CPU cores"
        yield f"""## What running it costs

From {side}x{side} to {large}x{large} pixels: {self.timing.seconds:.2f} s and
{self.timing.memory / 1e6:.0f} MB of memory on {cores} ({platform.machine()}), measured once while
this was published; `realesr bench --model {self.repository}` measures it on yours.
"""

    def _ending(self) -> Iterator[str]:
        authors = " and ".join(self.about.authors) or self.repository.partition("/")[0]
        key = self.repository.replace("/", "-")
        own = self.about.citation or (
            f"@misc{{{key},\n  author = {{{authors}}},\n  title = {{{self.title}}},\n"
            f"  howpublished = {{huggingface.co/{self.repository}}}\n}}"
        )
        yield f"""## Citation

```bibtex
{own}

@inproceedings{{wang2021realesrgan,
  author = {{Wang, Xintao and Xie, Liangbin and Dong, Chao and Shan, Ying}},
  title = {{Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data}},
  booktitle = {{ICCV Workshops}},
  year = {{2021}}
}}
```

Check what you fetched with `sha256sum -c SHA256SUMS`. Published with realesr {__version__}."""


def _held_out(run: Run) -> str:
    what = f"{run.held_out} held-out pictures" if run.held_out != 1 else "one held-out picture"
    recipe = _recipe_name(run.config.data.recipe)
    return f"{what}, degraded by {recipe}, scale {run.config.scale}"


def _recipe_name(recipe: str) -> str:
    return recipe.replace("\\", "/").rpartition("/")[2]
