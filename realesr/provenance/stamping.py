"""Saying in a result how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from realesr import __version__
from realesr.errors import Notice
from realesr.images.xmp import BadXmpError, properties, with_properties, without
from realesr.models.hub_files import is_hub_id
from realesr.provenance.record import OURS, PREFIXES, Provenance, source_word, stronger

if TYPE_CHECKING:
    from realesr.images import Picture
    from realesr.inference.upscaler import Upscaler
    from realesr.models.catalogue import ModelSpec

DEFAULTS: Mapping[str, Any] = {
    "denoise": None,
    "strength": 1.0,
    "fix_colour": False,
    "sharpen": 0.0,
    "keep_grain": 0.0,
    "shrink": 1.0,
    "consistent": False,
    "auto": False,
    "alpha": "model",
    "overlap": None,
    "quality": None,
    "all_frames": False,
    "watermark": False,
}
"""The options that change a result's pixels, and what each is when nobody says anything."""

_PRECISIONS = {"torch.float32": "fp32", "torch.bfloat16": "bf16", "torch.float16": "fp16"}


def describe(upscaler: Upscaler, settings: Mapping[str, Any] | None = None) -> Provenance:
    """What is to be said of an upscaler's results.

    Args:
        upscaler: What made them; model, scale, precision and finish are its own.
        settings: What it does not know: the other names of ``DEFAULTS``, and ``size`` or
            ``long_edge`` in the place of ``scale``. Defaults are left out of what is said, so that
            whoever gives fewer of them says the same.

    >>> from realesr.inference.upscaler import Upscaler
    >>> made = describe(Upscaler("bicubic", device="cpu", precision="fp32"), {"auto": False})
    >>> made.model, made.source_type, made.settings
    ('bicubic', 'algorithmicallyEnhanced', {'scale': 4.0, 'precision': 'fp32'})
    """
    # Of a blend, the one that knows its partner comes first: --model takes it with --denoise.
    parts = sorted(
        upscaler.model.parts or (upscaler.spec,), key=lambda part: part.blend_with is None
    )
    given = {**asdict(upscaler.finish), **(settings or {})}
    size = {name: given.pop(name) for name in ("size", "long_edge") if given.get(name) is not None}
    asked = {name: value for name, value in given.items() if value != DEFAULTS.get(name)}
    if not upscaler.model.parts:
        asked.pop("denoise", None)
    return Provenance(
        model=_name(parts[0]),
        sha256=tuple(part.sha256 for part in parts if part.sha256),
        training=upscaler.spec.training,
        settings={
            **(size or {"scale": upscaler.scale}),
            **{name: asked[name] for name in DEFAULTS if name in asked},
            "precision": _PRECISIONS[str(upscaler.dtype)],
        },
        versions=_versions(),
    )


def stamp(picture: Picture, provenance: Provenance) -> Picture:
    """The picture with its provenance in XMP; the person's own properties stay beside it.

    A picture that said more of itself before, such as that a model made all of it, goes on saying
    so. A packet that cannot be followed is left out, with a notice.

    Args:
        picture: Any picture; its pixels are left alone.
        provenance: What to say of it.
    """
    packet, notices = picture.xmp, picture.notices
    try:
        before = properties(packet) if packet else {}
    except BadXmpError:
        packet, before = None, {}
        notices = (*notices, Notice("W113", "The XMP packet was left out: it is damaged."))
    said = replace(provenance, source_type=stronger(source_word(before), provenance.source_type))
    xmp = with_properties(packet, PREFIXES, said.as_properties())
    return replace(picture, xmp=xmp, notices=notices)


def unstamp(picture: Picture) -> Picture:
    """The picture without what was said of an earlier run, which is no longer true of it."""
    try:
        kept = without(picture.xmp, lambda name: name.startswith(OURS)) if picture.xmp else None
    except BadXmpError:
        return picture
    return replace(picture, xmp=kept)


def _name(spec: ModelSpec) -> str:
    """What ``--model`` takes; of a file its name alone, since folders are a person's own."""
    return spec.source if is_hub_id(spec.source) else spec.name


@cache
def _versions() -> dict[str, str]:
    told = {"realesr": __version__}
    for package in ("torch",):
        try:
            told[package] = version(package)
        except PackageNotFoundError:
            continue
    return told
