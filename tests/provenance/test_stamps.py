"""Every result says how it was made, in every format, beside what the person wrote."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from realesr import Upscaler, load_model, provenance, read_picture
from realesr.images import Picture, write_picture
from realesr.models.blending import blend_models
from realesr.models.catalogue import find_model, known_models
from realesr.provenance.record import from_properties
from tests.picture_files import encoded, scene
from tests.provenance.packets import CODES, DC, IPTC, OURS, PERSON, packet_of, properties_of
from tests.test_picture_metadata import COPYRIGHT, SRGB, exif_block

SUFFIXES = [".png", ".jpg", ".webp", ".tif", ".avif"]


@pytest.fixture
def photo(tmp_path):
    """A turned photo with everything a person may have put on it."""
    path = tmp_path / "photo.jpg"
    exif = b"Exif\x00\x00" + exif_block(6)
    path.write_bytes(encoded(scene(), "JPEG", icc_profile=SRGB, exif=exif, xmp=PERSON))
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_it_survives_every_format_beside_all_that_is_the_persons(realesr, photo, tmp_path, suffix):
    out = tmp_path / f"large{suffix}"
    run = realesr("upscale", photo, "-o", out, "--model", "bicubic", "--scale", 2, "--sharpen", 0.5)
    assert run.code == 0 and "--no-provenance" in run.err
    seen = properties_of(packet_of(out))
    assert seen[f"{IPTC}DigitalSourceType"] == f"{CODES}algorithmicallyEnhanced"
    assert seen[f"{OURS}Model"] == "bicubic"
    assert json.loads(seen[f"{OURS}Settings"])["sharpen"] == 0.5
    assert seen[f"{DC}creator"] == "Zoë Example"
    assert not any(name.endswith("}Orientation") for name in seen)
    with Image.open(out) as image:
        assert image.size == (80, 112)
        assert image.info["icc_profile"] == SRGB
        exif = image.getexif()
        assert exif[ExifTags.Base.Copyright].encode("latin-1") == COPYRIGHT
        assert exif.get(ExifTags.Base.Orientation, 1) == 1
    told = provenance.read(out)
    assert (told.model, told.settings["scale"], told.versions["realesr"]) == ("bicubic", 2, "0.1.0")
    # What another program writes anew still says it.
    again = write_picture(read_picture(out), tmp_path / f"again{suffix}")
    assert provenance.read(again) == told


def test_it_can_be_left_out_and_the_persons_own_stays(realesr, photo, tmp_path):
    out = tmp_path / "large.png"
    run = realesr("upscale", photo, "-o", out, "--model", "bicubic", "--no-provenance")
    assert run.code == 0 and "provenance" not in run.err
    seen = properties_of(packet_of(out))
    assert seen[f"{IPTC}DigitalSourceType"] == f"{CODES}digitalCapture"
    assert not any(name.startswith(OURS) for name in seen) and provenance.read(out) is None


def test_a_stamp_of_before_is_replaced_and_what_says_more_stays(realesr, photo, tmp_path):
    first, second = tmp_path / "first.png", tmp_path / "second.jpg"
    assert realesr("upscale", photo, "-o", first, "--scale", 2).code == 0
    assert provenance.read(first).source_type == "compositeWithTrainedAlgorithmicMedia"
    assert realesr("upscale", first, "-o", second, "--model", "lanczos", "--scale", 0.5).code == 0
    told = provenance.read(second)
    assert (told.model, told.training, told.settings["scale"]) == ("lanczos", "none", 0.5)
    # Shrinking by a filter does not make it a photograph again.
    assert told.source_type == "compositeWithTrainedAlgorithmicMedia"
    # And where nothing shall be said, the sentence on the earlier run is no longer true.
    third = tmp_path / "third.png"
    more = ["--model", "lanczos", "--scale", 2, "--no-provenance"]
    assert realesr("upscale", first, "-o", third, *more).code == 0
    assert provenance.read(third) is None


def test_the_same_call_writes_the_same_bytes_and_strip_gps_reaches_xmp(realesr, photo, tmp_path):
    call = ["upscale", photo, "--model", "bicubic", "--strip-gps", "-o"]
    assert realesr(*call, tmp_path / "a.png").code == realesr(*call, tmp_path / "b.png").code == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert b"GPSL" not in packet_of(tmp_path / "a.png") and b"Wien" not in packet_of(
        tmp_path / "a.png"
    )


@pytest.mark.parametrize("suffix", ["png", "webp", "gif"])
def test_animations_say_it_too(realesr, tmp_path, suffix):
    frames = [Image.fromarray(np.roll(scene(), 4 * step, axis=1)) for step in range(3)]
    path = tmp_path / "moving.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=50, lossless=True)
    out = tmp_path / f"large.{suffix}"
    call = ["upscale", path, "-o", out, "--model", "bicubic", "--scale", 2, "--all-frames"]
    assert realesr(*call).code == 0
    told = provenance.read(out)
    assert told.model == "bicubic" and told.settings["all_frames"] is True
    with Image.open(out) as image:
        assert image.n_frames == 3


def test_what_auto_decided_is_what_is_said(realesr, photo, tmp_path):
    out = tmp_path / "large.png"
    run = realesr("upscale", photo, "-o", out, "--auto", "--json")
    decided = {each["decision"]: each["value"] for each in run.document["files"][0]["decisions"]}
    said = provenance.settings_from(provenance.read(out))
    assert said["auto"] is True
    for name in ("model", "strength", "fix_colour", "sharpen", "keep_grain", "shrink"):
        assert said[name] == decided.get(name, said[name])
    assert said["model"] == decided["model"]


def test_every_known_upscaler_says_how_it_was_trained():
    known = {spec.name: spec.training for spec in known_models()}
    assert "unknown" not in {
        training for name, training in known.items() if "discriminator" not in name
    }
    assert known["lab-x4"] == known["RealESRGAN_x4plus"] == "adversarial"
    assert known["lab-x4-fidelity"] == known["srcnn-x4"] == known["RealESRNet_x4plus"] == "faithful"
    assert known["lanczos"] == "none"


def test_a_blend_names_both_weights_and_can_be_asked_for_again(realesr, photo, tmp_path):
    out = tmp_path / "large.png"
    assert realesr("upscale", photo, "-o", out, "--denoise", 0.25).code == 0
    told = provenance.read(out)
    one, other = (load_model(name, device="cpu") for name in ("lab-x4", "lab-x4-fidelity"))
    assert told.model == "lab-x4" and told.settings["denoise"] == 0.25
    assert told.sha256 == (one.spec.sha256, other.spec.sha256)
    assert blend_models(other, one, 0.5).spec.training == told.training == "adversarial"


def test_unknown_weights_say_so_and_hide_their_folder(tmp_path):
    weights = tmp_path / "secret-folder" / "mine.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(Path(known_models()[0].source).read_bytes())
    told = provenance.describe(Upscaler(weights, device="cpu", precision="fp32"))
    assert told.training == "unknown" and "secret" not in json.dumps(told.as_dict())
    assert told.source_type == "compositeWithTrainedAlgorithmicMedia"
    assert "not known" in told.sentences()[0]


def test_inspect_reads_it_back_in_sentences_and_json(realesr, photo, tmp_path):
    out = tmp_path / "large.webp"
    call = ["upscale", photo, "-o", out, "--watermark", "--model", "lab-x4-fidelity"]
    assert realesr(*call).code == 0
    digits = find_model("lab-x4-fidelity").sha256[:3]
    run = realesr("inspect", out)
    for words in ("Made with lab-x4-fidelity", "keeps to what it sees", "Watermark", f"{digits}…"):
        assert words in run.out
    found = realesr("inspect", out, "--json").document
    assert found["provenance"]["model"] == "lab-x4-fidelity"
    assert found["provenance"]["settings"]["watermark"] is True
    assert found["source_type"] == "algorithmicallyEnhanced"
    assert found["watermark"]["weights"] == digits
    found = realesr("inspect", photo, "--json").document
    assert (found["provenance"], found["source_type"]) == (None, "digitalCapture")
    assert found["watermark"] is None


def test_what_strangers_write_into_our_namespace_is_not_trusted():
    space = "urn:x-realesr:provenance:1: "
    assert from_properties({f"{space}Model": "x" * 5000}) is None
    odd = {f"{space}Model": "m", f"{space}Training": "divine", f"{space}Settings": "[1]"}
    told = from_properties(odd)
    assert (told.training, told.settings) == ("unknown", {})
    deep = {f"{space}Model": "m", f"{space}Settings": "[" * 3000}
    assert from_properties(deep).settings == {}
    nested = {f"{space}Model": "m", f"{space}Settings": '{"scale": 2, "a": {"b": 1}, "c": null}'}
    assert from_properties(nested).settings == {"scale": 2}


def test_a_stamp_keeps_pixels_and_a_damaged_packet_is_left_out():
    picture = Picture(scene(), xmp=b"<broken")
    told = provenance.describe(Upscaler("bicubic", device="cpu"))
    stamped = provenance.stamp(picture, told)
    assert stamped.pixels is picture.pixels and "damaged" in str(stamped.notices[-1])
    assert provenance.from_packet(stamped.xmp)[0] == told
