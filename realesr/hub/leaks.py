"""What must not leave this machine: tokens, keys, names of its folders, places of photographs.

Looked for in every byte of every file before anything is sent. What is found is named by its file
and its kind, never by its text.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath

from realesr.errors import NetworkError
from realesr.hub.refusals import token_place

Content = Path | bytes

_PATTERNS = {
    "a Hugging Face token": rb"\bhf_[A-Za-z0-9]{16,}",
    "a Hugging Face key of an organisation": rb"\bapi_org_[A-Za-z0-9]{16,}",
    "a GitHub token": rb"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22,}",
    "a private key": rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----",
    "a key of Amazon": rb"\bAKIA[0-9A-Z]{16}\b",
    "a key of Google": rb"\bAIza[0-9A-Za-z_-]{35}",
    "a key of Slack": rb"\bxox[abprs]-[0-9A-Za-z-]{20,}",
    "a key of OpenAI or Anthropic": rb"\bsk-[A-Za-z]{2,8}-[A-Za-z0-9_-]{24,}",
}
_SECRETS = {kind: re.compile(pattern) for kind, pattern in _PATTERNS.items()}
_AS_TEXT = {kind: re.compile(pattern.decode()) for kind, pattern in _PATTERNS.items()}
_VARIABLE, _SHORTEST = "HF_TOKEN", 8
_HOMES = re.compile(rb"(/home/|/Users/|[A-Z]:\\{1,2}Users\\{1,2})[A-Za-z0-9._-]+[/\\]")
_NAMES = re.compile(
    r"\.env(\..*)?|.*\.(pem|p12|pfx|keystore)|id_(rsa|dsa|ecdsa|ed25519)|\.netrc|"
    r"\.git-credentials|\.npmrc|\.pypirc|stored_tokens",
    re.IGNORECASE,
)
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".avif")
_PIECE, _OVERLAP = 1 << 24, 512
_GPS = 34853


def check_leaks(files: Mapping[str, Content], *, token: str | None = None) -> None:
    """Refuse files that hold what must not leave.

    Args:
        files: Contents by the path they would be published under.
        token: Looked for as it is, whatever its form; the one in use here when left out.

    Raises:
        NetworkError: E603, naming up to three of them.

    >>> check_leaks({"notes.txt": b"nothing here"})
    """
    found = list(leaks(files, token=token or token_here()))
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise NetworkError(
            "E603",
            f"found {'; '.join(found[:3])}{more}. Nothing was sent.",
            "Take it out; a token that stood in a file should be revoked too.",
        )


def leaks(files: Mapping[str, Content], *, token: str | None = None) -> Iterator[str]:
    """What must not leave, one half-sentence each.

    >>> list(leaks({".env": b""}))
    ['a file for secrets (.env)']
    """
    for path, content in files.items():
        if _NAMES.fullmatch(PurePosixPath(path).name):
            yield f"a file for secrets ({path})"
        pieces = itertools.chain(_pieces(content), _texts(path, content))
        kinds = {kind for piece in pieces for kind in _kinds(piece, token)}
        yield from (f"what looks like {kind} in {path}" for kind in sorted(kinds))
        if path.lower().endswith(_PICTURES) and has_place(_whole(content)):
            yield f"the place where it was taken (GPS) in {path}"


def token_here() -> str | None:
    """The token that the Hub's client would use."""
    from huggingface_hub import get_token

    token = get_token()
    return token if token and len(token) >= _SHORTEST else None


def find_secret(text: str, *, token: str | None = None) -> str | None:
    """What kind of secret a text holds, if any.

    >>> find_secret("--token=hf_" + "x" * 34)
    'a Hugging Face token'
    """
    found = (kind for kind, made in _SECRETS.items() if made.search(text.encode()))
    return next(found, "the token in use here" if token and token in text else None)


def refuse_words(words: Sequence[str]) -> None:
    """Refuse a command line that holds a secret, before anything repeats it.

    Raises:
        NetworkError: E603.
    """
    token = _given()
    for word in words:
        if (kind := find_secret(word, token=token)) is not None:
            raise NetworkError(
                "E603",
                f"{kind} stands on the command line, where every program of this machine can "
                "read it.",
                f"Revoke it {token_place()}, then `hf auth login`.",
            )


def refuse_text(text: str, name: str) -> None:
    """Refuse a file a person wrote, before a sentence about it repeats a secret.

    Raises:
        NetworkError: E603.
    """
    if (kind := find_secret(text, token=token_here())) is not None:
        raise NetworkError(
            "E603",
            f"found what looks like {kind} in {name}.",
            f"Take it out, and revoke it {token_place()}.",
        )


def hidden(text: str) -> str:
    """A text with its secrets taken out: the last net below what is said to a person.

    >>> hidden("no model is called hf_" + "x" * 34)
    'no model is called [a Hugging Face token]'
    """
    for kind, pattern in _AS_TEXT.items():
        text = pattern.sub(f"[{kind}]", text)
    token = _given()
    return text.replace(token, "[the token in use here]") if token else text


def _given() -> str | None:
    """The token of the environment."""
    token = os.environ.get(_VARIABLE, "")
    return token if len(token) >= _SHORTEST else None


def has_place(data: bytes) -> bool:
    """Whether a picture file says where it was taken, in EXIF or in XMP.

    Args:
        data: The whole file; one that is no picture says nothing.
    """
    from PIL import Image

    if b"GPSLatitude" in data or b"GPSLongitude" in data:
        return True
    try:
        with Image.open(BytesIO(data)) as picture:
            packets = [picture.info.get(name, b"") for name in ("xmp", "XML:com.adobe.xmp")]
            if any("GPSLatitude" in str(packet) for packet in packets):
                return True
            return bool(picture.getexif().get_ifd(_GPS))
    except Exception:  # a damaged picture is judged where pictures are judged
        return False


def shortened(name: str) -> str:
    """A source's name without the folders of this machine.

    >>> shortened("/srv/maps"), shortened("pictures/maps"), shortened("hf://ada/maps")
    ('maps', 'pictures/maps', 'hf://ada/maps')
    """
    away = name.startswith(("/", "~", "..")) or re.match(r"[A-Za-z]:[\\/]", name)
    return re.split(r"[\\/]", name.rstrip("/\\"))[-1] if away else name


def _kinds(piece: bytes, token: str | None) -> Iterator[str]:
    if token and token.encode() in piece:
        yield "the token in use here"
    for kind, pattern in _SECRETS.items():
        if pattern.search(piece):
            yield kind
    home = str(Path.home())
    if b"\0" in piece[:4096]:
        return
    if _HOMES.search(piece) or (len(home) > 2 and f"{home}/".encode() in piece):
        yield "the name of a folder of this machine"


def _pieces(content: Content) -> Iterator[bytes]:
    """The contents in pieces that overlap, so that nothing hides at a border."""
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        tail = b""
        while piece := file.read(_PIECE):
            yield tail + piece
            tail = piece[-_OVERLAP:]


def _texts(path: str, content: Content) -> Iterator[bytes]:
    """The texts of a table, which lie packed in its file."""
    if not path.endswith(".parquet"):
        return
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pq.ParquetFile(BytesIO(content) if isinstance(content, bytes) else content)
        columns = [field.name for field in table.schema_arrow if pa.types.is_string(field.type)]
        for batch in table.iter_batches(columns=columns):
            for column in batch.columns:
                yield "\n".join(text or "" for text in column.to_pylist()).encode()
    except (ImportError, OSError, ValueError):
        return


def _whole(content: Content) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()
