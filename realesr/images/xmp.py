"""XMP packets, edited where they stand: what a person wrote stays as it is, byte for byte.

A packet is a small XML document inside a picture file. Reading it into a tree and writing it anew
would lose comments, prefixes and whatever the tree has no word for; so properties are cut out where
they stand, and new ones are put in before the end.

Reference:
    ISO 16684-1:2019, XMP data model, serialisation and core properties.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from realesr.errors import Notice

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DAMAGED_XMP = Notice("W113", "The XMP packet was left out: it is damaged.")
_HEAD = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="%s">\n' % RDF.encode()
)
_TAIL = b'</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
_MOST_BYTES = 4_000_000
_DEEPEST = 100
_RDF, _DESCRIPTION, _ABOUT = f"{RDF} RDF", f"{RDF} Description", f"{RDF} about"
_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_PADDING = re.compile(rb"\s{32,}<\?xpacket end=")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=>/"']+)\s*=\s*("[^"]*"|'[^']*')""")

_TIFF, _EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
_GRID = frozenset(
    f"{_TIFF} {name}"
    for name in (
        "Orientation", "ImageWidth", "ImageLength", "BitsPerSample", "Compression",
        "PhotometricInterpretation", "SamplesPerPixel", "PlanarConfiguration", "YCbCrSubSampling",
        "YCbCrPositioning", "XResolution", "YResolution", "ResolutionUnit", "NativeDigest",
    )
) | {
    f"{_EXIF} PixelXDimension",
    f"{_EXIF} PixelYDimension",
    f"{_EXIF} NativeDigest",
    "http://ns.adobe.com/xap/1.0/ Thumbnails",
    "http://ns.adobe.com/xmp/note/ HasExtendedXMP",
}  # fmt: skip
# Of other pictures and films in the same file: a map of light, depth, a few seconds before.
_APPENDED = (
    "http://ns.adobe.com/hdr-gain-map/",
    "http://ns.google.com/photos/",
    "http://ns.apple.com/",
)
# Where faces are, counted from the corner of the picture as it was stored.
_REGIONS = (
    "http://www.metadataworkinggroup.com/schemas/regions/",
    "http://ns.microsoft.com/photo/",
)
_PLACE = re.compile(
    r"gps|latitude|longitude|altitude|(?:ns\.adobe\.com/photoshop/1\.0/ (?:city|state|country))|"
    r"iptc4xmp(?:core|ext)/.* (?:location|countrycode)",
    re.IGNORECASE,
)


class BadXmpError(ValueError):
    """The packet is no XMP that can be followed."""


@dataclass
class _Property:
    """A property of the picture: its name, ``"namespace local"``, its text, and where it stands."""

    name: str
    start: int
    end: int
    text: str = ""
    home: int = 0  # in which description


@dataclass
class _Packet:
    """What a packet says, and where."""

    properties: list[_Property] = field(default_factory=list)
    descriptions: list[tuple[int, int]] = field(default_factory=list)
    about: str = ""
    end: int = -1


def clean_xmp(packet: bytes, *, turned: bool = False) -> bytes | None:
    """Cut out what describes the stored file: orientation, size, thumbnails, appended pictures.

    Args:
        packet: As it stood in the file.
        turned: Whether the stored pixels had to be turned: regions of faces are then elsewhere.

    Returns:
        The packet, or None when no property is left.

    Raises:
        BadXmpError: When it cannot be followed.
    """
    away = (*_APPENDED, *(_REGIONS if turned else ()))
    return without(packet, lambda name: name in _GRID or name.startswith(away))


def strip_place(packet: bytes) -> bytes | None:
    """Cut out where the picture was taken.

    Raises:
        BadXmpError: When it cannot be followed, or the place stands deep inside something else.
    """
    left = without(packet, lambda name: bool(_PLACE.search(name)))
    if left and re.search(rb"gps_?l|latitude|longitude", left, re.IGNORECASE):
        raise BadXmpError("the place stands inside other properties")
    return left


def without(packet: bytes, is_unwanted: Callable[[str], bool]) -> bytes | None:
    """Cut properties out.

    Args:
        packet: The packet.
        is_unwanted: Asked of each property's name, ``"namespace local"``.

    Returns:
        The packet, or None when no property is left.
    """
    packet = packet.rstrip(b"\0")
    found = _scan(packet)
    cut = [each for each in found.properties if is_unwanted(each.name)]
    if len(cut) == len(found.properties):
        return None
    # A description of which nothing is left goes with its line; so what was put in leaves no trace.
    left = {each.home for each in found.properties if each not in cut}
    spans = {(each.start, each.end) for each in cut if each.home in left}
    for home in {each.home for each in cut} - left:
        start, end = found.descriptions[home]
        spans.add(
            (start - (packet[start - 1 : start] == b" "), end + (packet[end : end + 1] == b"\n"))
        )
    for start, end in sorted(spans, reverse=True):
        packet = packet[:start] + packet[end:]
    return packet


def fitting(packet: bytes, most: int) -> bytes | None:
    """A packet cut until it fits, its longest properties first.

    Args:
        packet: The packet.
        most: The most bytes a format takes.

    Returns:
        None where even an empty one would not fit, or where it cannot be followed.
    """
    if len(packet) <= most:
        return packet
    packet = _PADDING.sub(b"\n<?xpacket end=", packet)
    try:
        while len(packet) > most:
            longest = max(_scan(packet).properties, key=lambda each: each.end - each.start)
            packet = packet[: longest.start] + packet[longest.end :]
    except (BadXmpError, ValueError):
        return None
    return packet


def properties(packet: bytes) -> dict[str, str]:
    """The properties of the picture by ``"namespace local"``; of nested ones, all their text.

    Raises:
        BadXmpError: When it cannot be followed.
    """
    return {each.name: each.text for each in _scan(packet.rstrip(b"\0")).properties}


def with_properties(
    packet: bytes | None, prefixes: dict[str, str], values: dict[str, str]
) -> bytes:
    """Put properties in, in the place of those of the same names.

    Args:
        packet: A packet, or None for a new one.
        prefixes: Prefix by namespace.
        values: Text by ``"namespace local"``; their namespaces stand in ``prefixes``.

    Raises:
        BadXmpError: When the packet cannot be followed.
    """
    left = without(packet, values.__contains__) if packet else None
    if left is None:
        return b"".join([_HEAD, _description("", prefixes, values), _TAIL])
    found = _scan(left)
    added = _description(found.about, prefixes, values)
    return b"".join([left[: found.end], added, left[found.end :]])


def _description(about: str, prefixes: dict[str, str], values: dict[str, str]) -> bytes:
    spaces = {"rdf": RDF} | {prefix: space for space, prefix in prefixes.items()}
    parts = [f"xmlns:{prefix}={quoteattr(space)}" for prefix, space in spaces.items()]
    for name, text in values.items():
        space, _, local = name.rpartition(" ")
        parts.append(f"{prefixes[space]}:{local}={quoteattr(text)}")
    lines = "\n  ".join([f"rdf:about={quoteattr(about)}", *parts])
    return f" <rdf:Description {lines}/>\n".encode()


def _scan(packet: bytes) -> _Packet:
    """Follow a packet; nothing outside it is ever looked up."""
    if len(packet) > _MOST_BYTES:
        raise BadXmpError("it is longer than any sensible one")
    reader = _Reader(packet)
    try:
        reader.parser.Parse(packet, True)
    except expat.ExpatError as error:
        raise BadXmpError(str(error)) from error
    if reader.found.end < 0:
        raise BadXmpError("it holds no RDF")
    return reader.found


class _Reader:
    """Notes each property of a packet, with the bytes it takes."""

    def __init__(self, packet: bytes) -> None:
        self.found = _Packet()
        self.parser = parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._packet = packet
        self._path: list[str] = []
        self._whole: list[bool] = []  # of each open element: whether its one tag is all of it
        self._spaces: dict[str, str] = {}
        self._open: _Property | None = None

    def _refuse(self, *_: Any) -> None:
        raise BadXmpError("it declares a document type")

    def _declare(self, prefix: str | None, space: str | None) -> None:
        # A prefix that means two things in one packet is legal and unheard of: the last one counts.
        self._spaces[prefix or ""] = space or ""

    def _tag(self) -> bytes:
        match = _TAG.match(self._packet, self.parser.CurrentByteIndex)
        assert match is not None  # the parser has read it
        return match[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= _DEEPEST:
            raise BadXmpError("it is nested too deep")
        at, tag = self.parser.CurrentByteIndex, self._tag()
        if self._path[-1:] == [_RDF] and name == _DESCRIPTION:
            self.found.descriptions.append((at, -1))
            self.found.about = attributes.get(_ABOUT) or self.found.about
            self.found.properties += self._attributes(at, tag, attributes)
        elif self._path[-2:] == [_RDF, _DESCRIPTION]:
            self._open = _Property(name, at, -1, home=len(self.found.descriptions) - 1)
        elif self._open:
            self._open.text += " " if self._open.text else ""
        self._path.append(name)
        self._whole.append(tag.endswith(b"/>"))

    def _attributes(self, at: int, tag: bytes, texts: dict[str, str]) -> Iterator[_Property]:
        for match in _ATTRIBUTE.finditer(tag):
            prefix, colon, local = match[1].decode().partition(":")
            space = self._spaces.get(prefix, "")
            if colon and prefix not in ("xmlns", "xml") and space != RDF:
                name = f"{space} {local}"
                home = len(self.found.descriptions) - 1
                yield _Property(name, at + match.start(), at + match.end(), texts[name], home)

    def _text(self, text: str) -> None:
        if self._open:
            self._open.text += text

    def _end(self, name: str) -> None:
        self._path.pop()
        at = end = self.parser.CurrentByteIndex
        if not self._whole.pop():  # else the parser stands behind the tag already
            end += len(self._tag())
        if name == _RDF and self.found.end < 0:
            if at == end:
                raise BadXmpError("its RDF is empty")
            self.found.end = at
        if name == _DESCRIPTION and self._path[-1:] == [_RDF]:
            self.found.descriptions[-1] = (self.found.descriptions[-1][0], end)
        if self._open and self._path[-2:] == [_RDF, _DESCRIPTION]:
            self._open.end = end
            self._open.text = " ".join(self._open.text.split())
            self.found.properties.append(self._open)
            self._open = None
