"""The table that everybody knows, measured here, beside the figures that circulate.

Method, parameters, PSNR, SSIM, milliseconds on 256x256: nearest, bicubic, Lanczos, SRCNN, SRResNet,
ESRGAN, Real-ESRGAN and every model on this machine. Weights are never fetched for it; a row without
weights says so. Where the figures that circulate differ, the reasons are measured too: the same
bicubic picture under several protocols.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image
from torch.nn import functional as F

from realesr.errors import RealesrError
from realesr.images import from_tensor, to_tensor
from realesr.models.building import build_without_memory
from realesr.models.catalogue import BUILT_IN, ModelSpec, find_model, known_models
from realesr.models.loading import describe_model
from realesr.models.locating import local_names, place_of
from realesr.models.resamplers import Resampler
from realesr.quality import metrics
from realesr.quality.evaluation.measures import Pixels
from realesr.quality.evaluation.reasons import Variation, reasons
from realesr.quality.evaluation.results import Evaluation, Refused, Subject
from realesr.quality.evaluation.running import Pictures
from realesr.quality.evaluation.tables import aligned, milliseconds, parameters

SCALE = 4


@dataclass(frozen=True)
class Entry:
    """A row of the table.

    Attributes:
        method: As it is known.
        spec: Which network it is; None for SRGAN, which nobody published.
        model: The name of its weights on this machine; None where there are none.
        circulates: PSNR, SSIM and time as they are passed around.
    """

    method: str
    spec: ModelSpec | None = None
    model: str | None = None
    circulates: tuple[str, str, str] = ("", "", "")


_CIRCULATING = {
    "bicubic": ("26.72", ".726", ""),
    "SRGAN": ("29.40", ".847", ""),
    "ESRGAN": ("30.45", ".868", ""),
    "Real-ESRGAN": ("28.50", ".823", "40 (V100)"),
}
_NETWORKS = {
    "SRCNN": ModelSpec("SRCNN", "srcnn", {"scale": SCALE}, SCALE, ""),
    "SRResNet": ModelSpec("SRResNet", "srresnet", {"scale": SCALE}, SCALE, ""),
}
_OFFICIAL = {
    "ESRGAN": "ESRGAN_SRx4_DF2KOST_official",
    "Real-ESRGAN": "RealESRGAN_x4plus",
}


def known_entries() -> tuple[list[Entry], list[Refused]]:
    """The rows of the table on this machine, and the local files that are no upscalers."""
    here, refused = _here()
    entries = [_entry(name, find_model(name), name) for name in ("nearest", "bicubic", "lanczos")]
    for method, network in _NETWORKS.items():
        found = [name for name, spec in here.items() if spec.architecture == network.architecture]
        entries += [_entry(f"{method} ({name})", here.pop(name), name) for name in found]
        entries += [] if found else [_entry(method, network, None)]
    entries.append(_entry("SRGAN", None, None))
    for method, name in _OFFICIAL.items():
        entries.append(_entry(method, find_model(name), name if here.pop(name, None) else None))
    return entries + [_entry(name, spec, name) for name, spec in here.items()], refused


def _here() -> tuple[dict[str, ModelSpec], list[Refused]]:
    """Every upscaler that needs no download, those that come along first."""
    known = [spec for spec in known_models() if spec.source != BUILT_IN]
    found = {spec.name: spec for spec in known if place_of(spec) in ("bundled", "cached")}
    refused = []
    for name in local_names():
        try:
            found.setdefault(name, describe_model(name))
        except RealesrError as error:
            refused.append(Refused(name, error))
    judges = [name for name, spec in found.items() if spec.architecture == "unet_discriminator"]
    for name in judges:
        del found[name]
    return found, refused


def _entry(method: str, spec: ModelSpec | None, model: str | None) -> Entry:
    if model and spec and spec.scale != SCALE:
        method = f"{method} (×{spec.scale}, {'twice' if spec.scale == 2 else 'resized'})"
    return Entry(method, spec, model, _CIRCULATING.get(method, ("", "", "")))


def as_known_table(found: Evaluation, entries: list[Entry], pictures: Pictures) -> str:
    """The table as Markdown, with what explains the differences.

    Args:
        found: ``evaluate`` of the models of ``entries``, with PSNR and SSIM; the first recipe is
            the table's own, others become further columns.
        entries: What ``known_entries`` gave.
        pictures: What it was measured on.
    """
    protocols = "; ".join(
        f"{name}: {found.protocols.get(name.lower(), '–')}" for name in ("PSNR", "SSIM")
    )
    where, recipe = found.groups[0] if found.groups else ("no pictures", "nothing")
    about = (
        f"Means over {len(pictures)} pictures of {where}, made small by {recipe}, 8-bit. "
        f"{protocols}. ms: one whole call on 256×256 pixels with default settings, median of 3, on "
        "this machine. Where no weights are here (in a folder of REALESR_WEIGHTS), nothing was "
        "measured: random ones would say nothing."
    )
    variations = protocol_variations(pictures)
    left_out = "\n".join(f"- Left out: {each.what}: {each.error}" for each in found.refused)
    parts = [about, _measured(found, entries)] + [left_out] * bool(left_out)
    parts += [reasons(variations), _variation_table(variations)]
    return "\n\n".join(parts) + "\n"


def _measured(found: Evaluation, entries: list[Entry]) -> str:
    subjects = {each.name: each for each in found.subjects}
    head = ["method", "parameters", "PSNR", "SSIM"]
    for _, recipe in found.groups[1:]:
        head += [f"PSNR, {recipe}", "SSIM"]
    head += ["ms", "circulating PSNR", "SSIM", "ms"]
    rows = []
    for entry in entries:
        subject = subjects.get(entry.model or "")
        row = [entry.method, parameters(subject or _unmeasured(entry))]
        for group in found.groups:
            for measure, digits in (("psnr", 2), ("ssim", 4)):
                mean = found.mean(subject.name, group, measure) if subject else None
                missing = "left out" if entry.model else "no weights"
                row.append(f"{mean.value:.{digits}f}" if mean else missing)
        rows.append([*row, milliseconds(subject) if subject else "–", *entry.circulates])
    return aligned(head, rows)


def _unmeasured(entry: Entry) -> Subject:
    """Even without weights a network has a size."""
    # SRGAN's generator is SRResNet, trained otherwise.
    spec = entry.spec or _NETWORKS["SRResNet"]
    numbers = sum(each.numel() for each in build_without_memory(spec).parameters())
    return Subject(entry.method, spec, numbers)


_SHRINK: dict[str, Callable[[Pixels], Pixels]] = {
    "antialiased bicubic": lambda hr: _shrunk(hr, antialias=True),
    "bicubic, every fourth place": lambda hr: _shrunk(hr, antialias=False),
}
_ENLARGE: dict[str, Callable[[Pixels], Pixels]] = {
    "a = -0.75 (PyTorch, OpenCV)": lambda low: from_tensor(
        Resampler("bicubic", SCALE)(to_tensor(low)), "uint8"
    ),
    "a = -0.5 (MATLAB, Pillow)": lambda low: np.asarray(
        Image.fromarray(low).resize(
            (low.shape[1] * SCALE, low.shape[0] * SCALE), Image.Resampling.BICUBIC
        )
    ),
}


def protocol_variations(pictures: Pictures) -> list[Variation]:
    """One method, many figures: bicubic on the same pictures under each protocol."""
    made = []
    for shrunk, shrink in _SHRINK.items():
        for enlarged, enlarge in _ENLARGE.items():
            rows = []
            for index in range(len(pictures)):
                whole = pictures.read(index)
                height, width = (side // SCALE * SCALE for side in whole.shape[:2])
                truth = np.ascontiguousarray(whole[:height, :width])
                result = enlarge(shrink(truth))
                rows.append(
                    [
                        float(measure(result, truth, border=SCALE, colour=colour))
                        for measure in (metrics.psnr, metrics.ssim)
                        for colour in ("rgb", "y")
                    ]
                )
            made.append(Variation(shrunk, enlarged, *map(float, np.mean(rows, axis=0))))
    return made


def _shrunk(hr: Pixels, *, antialias: bool) -> Pixels:
    size = hr.shape[0] // SCALE, hr.shape[1] // SCALE
    return from_tensor(
        F.interpolate(to_tensor(hr), size=size, mode="bicubic", antialias=antialias), "uint8"
    )


def _variation_table(variations: list[Variation]) -> str:
    rows = [
        [each.shrunk, each.enlarged, f"{each.psnr:.2f}", f"{each.psnr_y:.2f}", f"{each.ssim:.4f}",
         f"{each.ssim_y:.4f}"]
        for each in variations
    ]  # fmt: skip
    head = ["input", "bicubic", "PSNR of RGB", "of Y", "SSIM of RGB", "of Y"]
    return "One method, many figures: bicubic alone, on the same pictures.\n\n" + aligned(
        head, rows
    )
