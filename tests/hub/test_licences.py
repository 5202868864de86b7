"""Chains of licences, and secrets in files."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from realesr.errors import NetworkError
from realesr.hub.leaks import check_leaks, find_secret, has_place, leaks
from realesr.hub.licences import Part, examine, find_licence


def stops(own, role, licence):
    return [each.stops for each in examine(own, [Part("theirs", role, licence)])]


@pytest.mark.parametrize(
    ("own", "role", "theirs", "found"),
    [
        ("MIT", "pictures", "CC0-1.0", []),
        ("BSD-3-Clause", "base model", "BSD-3-Clause", []),
        ("Apache-2.0", "pictures", "cc-by-4.0", []),
        ("MIT", "pictures", "CC-BY-NC-4.0", [True]),
        ("CC-BY-NC-4.0", "pictures", "CC-BY-NC-4.0", []),
        ("CC-BY-NC-4.0", "pictures", "academic", []),
        ("MIT", "pictures", "academic", [True]),
        ("MIT", "pictures", "CC-BY-ND-4.0", [True]),
        ("MIT", "pictures", "CC-BY-SA-4.0", [False]),
        ("MIT", "base model", "CC-BY-SA-4.0", [True]),
        ("CC-BY-SA-4.0", "base model", "CC-BY-SA-4.0", []),
        ("MIT", "base model", "GPL-3.0", [True]),
        ("MIT", "pictures", "", [True]),
        ("MIT", "pictures", "unknown", [True]),
        ("CC0-1.0", "base model", "BSD-3-Clause", [False]),
        ("MIT", "base model", "BSD-3-Clause", [False]),
        ("MIT", "base model", "CC0-1.0", []),
        ("MIT", "base model", "CC-BY-NC-4.0", [True]),
        ("CC0-1.0", "pictures", "CC-BY-4.0", []),
        ("house rules", "pictures", "CC0-1.0", [True]),
    ],
)
def test_what_agrees_and_what_does_not(own, role, theirs, found):
    assert stops(own, role, theirs) == found


def test_a_licence_is_known_by_its_names():
    for text in ("BSD-3-Clause", "bsd-3-clause", "BSD 3 Clause license"):
        assert find_licence(text).hub == "bsd-3-clause"


# Put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "a Hugging Face token": "hf_" + "aB3" * 12,
    "a GitHub token": "ghp_" + "a1B2" * 9,
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a key of Amazon": "AKIA" + "ABCD1234" * 2,
    "a key of Google": "AIza" + "a1B2c" * 7,
}


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("before", [0, (1 << 24) - 8, (1 << 24) + 5])
def test_secrets_are_found_wherever_they_stand_in_a_file(tmp_path, kind, before):
    """Also where two pieces of a large file meet."""
    path = tmp_path / "weights.bin"
    path.write_bytes(b" " * before + SECRETS[kind].encode() + b" \n")
    assert list(leaks({"weights.bin": path})) == [f"what looks like {kind} in weights.bin"]
    assert find_secret(SECRETS[kind]) == kind


def test_the_token_in_use_is_found_whatever_its_form():
    with pytest.raises(NetworkError) as caught:
        check_leaks({"notes.txt": b"my-odd-token-7"}, token="my-odd-token-7")
    assert "odd" not in str(caught.value) and "notes.txt" in caught.value.cause


@pytest.mark.parametrize("name", [".env", "a/.env.local", "key.pem", "id_ed25519", ".netrc"])
def test_files_for_secrets_are_refused_by_name(name):
    assert list(leaks({name: b""})) == [f"a file for secrets ({name})"]


@pytest.mark.parametrize(
    "text", [b"/home/ada/pictures/a.png", b"C:\\Users\\Ada\\a.png", b"/Users/ada/x/y"]
)
def test_folders_of_a_machine_are_told(text):
    assert "folder of this machine" in next(leaks({"training.toml": text}))


@pytest.mark.parametrize("suffix", ["png", "jpeg", "webp", "tiff"])
@pytest.mark.parametrize("how", ["exif", "xmp", "none"])
def test_places_in_pictures_are_found(suffix, how):
    exif = Image.Exif()
    exif[271] = "A camera"
    told = {"exif": exif}
    place = {1: "N", 2: (52.0, 31.0, 12.0)}
    if how == "exif" and suffix == "tiff":
        told = {"tiffinfo": {271: "A camera", 34853: place}}
    elif how == "exif":
        exif.get_ifd(34853).update(place)
    buffer = io.BytesIO()
    if how == "xmp" and suffix != "tiff":
        packet = b"<x exif:GPSLatitude='52,31N'/>"
        if suffix == "png":
            from PIL.PngImagePlugin import PngInfo

            told["pnginfo"] = PngInfo()
            told["pnginfo"].add_itxt("XML:com.adobe.xmp", packet.decode(), zip=True)
        else:
            told["xmp"] = packet
    Image.new("RGB", (8, 8)).save(buffer, suffix, **told)
    expected = how == "exif" or (how == "xmp" and suffix != "tiff")
    assert has_place(buffer.getvalue()) is expected
