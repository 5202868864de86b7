"""One picture judged: a pure function from bytes to a record, the same in any process.

Nothing here knows another picture. What does (copies, leaks, splits) is `reducing`, which takes the
records of all pictures at the end.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from data_tools.items import NOBODY, Credit, Item
from data_tools.looking import Look, open_header
from data_tools.prints import Print, print_of
from data_tools.rules import Rejection, judged
from data_tools.settings import Build, Select
from data_tools.test_sets import nearest
from realesr.errors import PictureError
from realesr.hub.licences import UNKNOWN, spelled


@dataclass(frozen=True)
class Record:
    """All that is known of one picture after looking at it alone.

    Attributes:
        source: What it is called.
        credit: Whose it is.
        rejections: The rules that leave it out; none when it passes.
        sha256: Of its bytes; empty where they could not be read.
        format: ``PNG``, ``JPEG`` and so on.
        width: In pixels, upright.
        height: In pixels, upright.
        mode: ``L``, ``LA``, ``RGB`` or ``RGBA``.
        bits: 8 or 16.
        scores: By the names of the rules.
        print: What it is known by.
    """

    source: str
    credit: Credit = NOBODY
    rejections: tuple[Rejection, ...] = ()
    sha256: str = ""
    format: str = ""
    width: int = 0
    height: int = 0
    mode: str = ""
    bits: int = 0
    scores: dict[str, float | None] = field(default_factory=dict)
    print: Print | None = None

    @property
    def passed(self) -> bool:
        """Whether no rule left it out."""
        return not self.rejections

    def as_dict(self) -> dict[str, Any]:
        """Plain values, which `record_from` reads back."""
        plain = {name: value for name, value in vars(self).items() if name != "print"}
        plain["credit"] = dataclasses.asdict(self.credit)
        plain["rejections"] = [dataclasses.asdict(each) for each in self.rejections]
        if self.print:
            plain["print"] = {
                name: [base64.b64encode(_bytes(value)).decode(), *_kind(value)]
                for name, value in vars(self.print).items()
            }
        return plain


def record_from(plain: dict[str, Any]) -> Record:
    """The record that ``as_dict`` wrote down."""
    values = dict(plain)
    values["credit"] = Credit(**values["credit"])
    values["rejections"] = tuple(Rejection(**each) for each in values["rejections"])
    if values.get("print"):
        values["print"] = Print(**{name: _back(*each) for name, each in values["print"].items()})
    return Record(**values)


def judge(item: Item, build: Build) -> tuple[Record, bytes]:
    """Judge one picture.

    Args:
        item: The picture.
        build: Licences and thresholds.

    Returns:
        The record, and the bytes that were read, for a caller who keeps them.
    """
    credit = dataclasses.replace(item.credit, licence=spelled(item.credit.licence))
    refused = licence_rejection(credit.licence, build)
    try:
        data = item.read()
    except PictureError as error:
        return Record(item.name, credit, (*refused, unreadable(error))), b""
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        header = open_header(data, item.name)
        look = Look(data, header, item.name)
    except PictureError as error:
        return Record(item.name, credit, (*refused, unreadable(error)), sha256), data
    scores, rejections = judged(look, build.select)
    pixels, known = look.pixels, print_of(look.pixels)
    record = Record(
        item.name,
        credit,
        (*refused, *rejections, *leak(known, build.select)),
        sha256,
        header.format,
        int(pixels.shape[1]),
        int(pixels.shape[0]),
        {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[1 if pixels.ndim == 2 else pixels.shape[2]],
        8 * pixels.dtype.itemsize,
        scores,
        known,
    )
    return record, data


def licence_rejection(licence: str, build: Build) -> tuple[Rejection, ...]:
    """Why a licence is not taken; nothing where it is, or where any is."""
    allowed = {spelled(str(each)) for each in build.licences}
    if not allowed or licence in allowed:
        return ()
    said = "not known" if licence == UNKNOWN else f"{licence}, which is not on the list"
    return (Rejection("licence", None, None, f"Its licence is {said}."),)


def leak(known: Print, select: Select) -> tuple[Rejection, ...]:
    """Why a picture that others measure with is left out; nothing where it is none."""
    if select.test_sets is None:
        return ()
    name, bits = nearest(known)
    if bits > select.test_sets:
        return ()
    sentence = f"It is the test picture {name}: {bits} of 64 bits differ."
    return (Rejection("test_sets", float(bits), select.test_sets, sentence),)


def unreadable(error: PictureError) -> Rejection:
    """A picture that could not be read."""
    return Rejection("readable", None, None, f"{error.code} {error.cause}")


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else value.tobytes()


def _kind(value: Any) -> list[Any]:
    return [] if isinstance(value, bytes) else [value.dtype.str, list(value.shape)]


def _back(text: str, kind: str = "", shape: list[int] | None = None) -> Any:
    data = base64.b64decode(text)
    return np.frombuffer(data, kind).reshape(shape or ()) if shape is not None else data
