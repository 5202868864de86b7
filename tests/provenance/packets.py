"""XMP as other programs write it, and a reader that shares nothing with ours."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from pathlib import Path

from PIL import Image

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
EXIF, TIFF = "{http://ns.adobe.com/exif/1.0/}", "{http://ns.adobe.com/tiff/1.0/}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
OURS = "{urn:x-realesr:provenance:1:}"
CODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"

PERSON = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="A program of theirs">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <!-- a remark of theirs -->
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:me="http://example.org/mine/"
    xmp:Rating="4" xmp:CreatorTool='Their "Tool" > 3' tiff:Orientation="6" tiff:ImageWidth="40"
    exif:GPSLatitude="48,12.5N" me:note="Zoë &amp; Ben">
   <dc:creator><rdf:Seq><rdf:li>Zoë Example</rdf:li></rdf:Seq></dc:creator>
   <exif:PixelXDimension>40</exif:PixelXDimension>
   <exif:GPSLongitude>16,22.2E</exif:GPSLongitude>
   <ext:DigitalSourceType
    >http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture</ext:DigitalSourceType>
   <ext:LocationCreated><rdf:Bag>
    <rdf:li rdf:parseType="Resource"><ext:City>Wien</ext:City></rdf:li>
   </rdf:Bag></ext:LocationCreated>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
""".encode() + b" " * 500 + b'<?xpacket end="w"?>'  # fmt: skip


def packet_of(path: Path) -> bytes:
    """A file's XMP as Pillow finds it."""
    data = path.read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        info = image.info
        found = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
        if image.format == "TIFF":
            found = image.tag_v2.get(700, b"")
    return found.encode() if isinstance(found, str) else found


def properties_of(packet: bytes) -> dict[str, str]:
    """Every property by "{namespace}name", read with the standard library's tree."""
    found: dict[str, str] = {}
    for description in ET.fromstring(packet.decode()).iter(f"{RDF}Description"):
        found |= {k: v for k, v in description.attrib.items() if not k.startswith(RDF)}
        found |= {child.tag: " ".join("".join(child.itertext()).split()) for child in description}
    return found
