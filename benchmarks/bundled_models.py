"""From the runs of `make train-lab` to the models that come along: weights, cards, figures.

``bundle`` writes the weights (half precision where that costs under 60 dB) and each model's card
with the credits of what it was trained on; ``judge`` measures them beside bicubic and the official
small models, and checks that no picture of the judgement was trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
from pathlib import Path

import numpy as np
from model_cards import LICENCE, ROOT, Model, card
from report import machine, write_section
from safetensors.torch import load_file, save_file

from realesr.degradations import presets
from realesr.inference.upscaler import Upscaler
from realesr.models.conversion import convert
from realesr.models.loading import load_model
from realesr.quality.duplicates import common, fingerprint
from realesr.quality.evaluation import as_markdown, evaluate
from realesr.quality.metrics import psnr
from realesr.train.config import TrainConfig
from realesr.train.config_files import read_config
from realesr.train.sources import open_source, open_sources

WEIGHTS = ROOT / "realesr" / "models" / "weights"
STAGE = ROOT / "runs" / "bundled"
RUNS = ROOT / "docs" / "journals"
LEAST = 60.0
DISCRIMINATOR = "discriminator.safetensors"


MODELS = (
    Model(
        "lab-x4-fidelity",
        "configs/lab_x4_fidelity.toml",
        "A small network that enlarges a picture four times and keeps to what it shows: it removes "
        "JPEG blocks and noise and sharpens edges, and invents hardly anything. The faithful end "
        "of a dial whose other end is [lab-x4](lab-x4.md).",
        "For photographs, drawings and screenshots that are small, compressed or noisy, where the "
        "result should be true rather than crisp. It leaves texture soft.",
    ),
    Model(
        "lab-x4",
        "configs/lab_x4.toml",
        "A small network that enlarges a picture four times and draws it crisp: the default of the "
        "lab and the command line. It began as [lab-x4-fidelity](lab-x4-fidelity.md) and learned "
        "from a discriminator to paint detail that looks real.",
        "For photographs, drawings and screenshots that are small, compressed or noisy, and that "
        "somebody wants to look at. Detail it draws is a plausible guess. A warm yellow area may "
        "be 3 levels of 255 off, other plain colours 1; the outermost pixels up to 8.",
        share=0.7,
    ),
    Model(
        "srcnn-x4",
        "configs/srcnn_x4.toml",
        "The first convolutional super-resolution, of 2014: three layers on a picture that bicubic "
        "enlarged. For the history lesson.",
        "To show where the field began. It knows pictures that were shrunk cleanly by bicubic, and "
        "neither noise nor JPEG.",
    ),
)


def bundle(sources: Path, evaluations: list[str]) -> None:
    """Write weights, cards and the runs' journals: all of them, or what was there stays."""
    STAGE.mkdir(parents=True, exist_ok=True)
    for model in MODELS:
        config = read_config(ROOT / model.config)
        step = Path(config.output) / f"step-{config.steps:06}"
        if not step.is_dir():
            print(f"{model.name}: {step} is not there; left out.")
            continue
        with tempfile.TemporaryDirectory() as alone:
            cost = store(mixed(model, config, step, Path(alone)), model.name, evaluations)
        RUNS.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(config.output) / "metrics.jsonl", RUNS / f"{model.name}.jsonl")
        target = STAGE / f"{model.name}.safetensors"
        kept = f"16-bit ({cost:.0f} dB to 32-bit)" if cost >= LEAST else "32-bit"
        text = card(model, target, sources, kept)
        target.with_suffix(".md").write_text(text, encoding="utf-8")
        if config.gan:
            with tempfile.TemporaryDirectory() as alone:
                # The step's config.json tells of the generator.
                shutil.copy(step / DISCRIMINATOR, alone)
                target = STAGE / f"{model.name}-discriminator.safetensors"
                convert(Path(alone) / DISCRIMINATOR, target, half=True, licence=LICENCE, force=True)
    for path in sorted(STAGE.glob("*.safetensors")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{path.name}: {path.stat().st_size:,} bytes, sha256 {digest}")
    shutil.copytree(STAGE, WEIGHTS, dirs_exist_ok=True)


def mixed(model: Model, config: TrainConfig, step: Path, folder: Path) -> Path:
    """The weights to bundle: of the last step, or of the best one mixed with the faithful model."""
    if model.share == 1:
        return step / "generator.safetensors"
    own = load_file(Path(config.output) / "best" / "generator.safetensors")
    partner = read_config(ROOT / MODELS[0].config)
    last = Path(partner.output) / f"step-{partner.steps:06}"
    faithful = load_file(last / "generator.safetensors")
    weights = {k: model.share * own[k] + (1 - model.share) * faithful[k] for k in own}
    save_file(weights, folder / "generator.safetensors")
    shutil.copy(step / "config.json", folder)
    return folder / "generator.safetensors"


def store(path: Path, name: str, evaluations: list[str]) -> float:
    """Write half the digits where nobody sees it; what that costs, in dB against all of them."""
    target = STAGE / f"{name}.safetensors"
    convert(path, target, half=True, licence=LICENCE, force=True)
    whole, short = (
        Upscaler(load_model(each, device="cpu"), precision="fp32", device="cpu")
        for each in (path, target)
    )
    costs = []
    pictures = open_sources(evaluations)
    for index in range(min(6, len(pictures))):
        small = np.ascontiguousarray(pictures.read(index)[::4, ::4])
        costs.append(psnr(short(small), whole(small)).value)
    cost = min(costs)
    print(f"{name}: 16-bit numbers cost {cost:.1f} dB at the worst of {len(costs)} pictures")
    if cost < LEAST:
        convert(path, target, licence=LICENCE, force=True)
    return cost


def judge(trained_on: list[str], evaluations: dict[str, str], names: list[str]) -> None:
    """Measure, and write the section of docs/benchmarks.md."""
    config = read_config(ROOT / MODELS[0].config)
    held = {Path(each).name for each in config.data.held_out}
    learned = open_sources(trained_on)
    numbers = [n for n in range(len(learned)) if Path(learned.name(n)).name not in held]
    prints = [fingerprint(learned.read(n)) for n in numbers]
    opened = {name: open_source(text) for name, text in evaluations.items()}
    opened["held-out tiles"] = open_sources(list(config.data.held_out))
    copied = 0
    for name, pictures in opened.items():
        asked = [fingerprint(pictures.read(n)) for n in range(len(pictures))]
        for match in common(prints, asked):
            copied += 1
            like = learned.name(numbers[match.first])
            print(f"{name}: {pictures.name(match.second)} is like {like}: {match.bits} bits differ")
    said = f"{len(prints)} training pictures compared with {sum(map(len, opened.values()))} of the "
    said += f"judgement: {copied} copies."
    print(said)
    found = evaluate(
        names,
        opened,
        [presets.real_esrgan_exact(4), presets.bicubic_only(4)],
        measures=["psnr", "ssim", "lpips", "colour-shift"],
        speed=False,
        progress=lambda done, total, what: print(f"{done}/{total} {what}", end="\r"),
    )
    body = said + "\n\n" + as_markdown(found, against="bicubic")
    write_section(
        "The bundled models", "python benchmarks/bundled_models.py judge", machine(), body
    )


def main() -> None:
    """Read the words and do it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("bundle", "judge"))
    parser.add_argument("--pictures", default="pictures/train", help="what was trained on")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--model", action="append", default=[])
    words = parser.parse_args()
    if words.what == "bundle":
        bundle(Path(words.pictures) / "SOURCES.csv", ["samples"])
        return
    sets = dict(each.split("=", 1) for each in words.set) | {"samples": "samples"}
    official = ["realesr-general-x4v3", "realesr-general-wdn-x4v3"]
    judge([words.pictures], sets, words.model or ["bicubic", *(m.name for m in MODELS), *official])


if __name__ == "__main__":
    main()
