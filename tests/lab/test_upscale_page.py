"""The lab for programs: the same pixels as the library, refusals in one sentence, no open files."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import numpy as np
import pytest

from lab import status
from lab.app import main
from lab.samples import write_sample
from lab.settings import UpscaleSettings
from lab.shelf import Loading
from lab.workbench import Saving, Tiles, Workbench
from realesr import Upscaler, read_picture, write_picture
from realesr.degradations.spans import fields_of
from realesr.errors import Notice, PictureError
from realesr.models.catalogue import known_models

PLAIN = UpscaleSettings()


def send(address: str, name: str, values: list[object]) -> tuple[str, object]:
    """Call an endpoint as any program can, over HTTP: the last event and what it carried."""
    call = urllib.request.Request(
        f"{address}/gradio_api/call/{name}",
        json.dumps({"data": values}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(call, timeout=60) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{address}/gradio_api/call/{name}/{event}", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    loads = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return kinds[-1], json.loads(loads[-1])


def upload(address: str, photo: Path) -> dict[str, object]:
    """Send a file; what comes back stands for it in a call."""
    fence = uuid.uuid4().hex
    body = (
        f'--{fence}\r\nContent-Disposition: form-data; name="files"; filename="{photo.name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode() + photo.read_bytes()
    call = urllib.request.Request(
        f"{address}/gradio_api/upload",
        body + f"\r\n--{fence}--\r\n".encode(),
        {"Content-Type": f"multipart/form-data; boundary={fence}"},
    )
    with urllib.request.urlopen(call, timeout=60) as answer:
        return {"path": json.load(answer)[0], "meta": {"_type": "gradio.FileData"}}


def fetched(answer: object, folder: Path) -> np.ndarray:
    path = folder / "result.png"
    with urllib.request.urlopen(answer[0]["url"], timeout=60) as file:
        path.write_bytes(file.read())
    return read_picture(path).pixels


def by_library(photo: Path, scale: int = 4) -> np.ndarray:
    return Upscaler("lab-x4", scale=scale)(read_picture(photo).pixels)


@pytest.mark.parametrize(
    ("kind", "scale"), [("rgb", 4), ("rgba", 4), ("deep", 4), ("gray", 4), ("rgb", 2)]
)
def test_the_api_gives_the_librarys_pixels(lab, photos, tmp_path, kind, scale):
    end, answer = send(lab, "upscale", [upload(lab, photos[kind]), "lab-x4", scale])
    assert end == "complete"
    result, expected = fetched(answer, tmp_path), by_library(photos[kind], scale)
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("suffix", [".tif", ".avif", ".jpg", ".webp"])
def test_every_kind_of_file_arrives_as_it_was_sent(lab, photos, tmp_path, suffix):
    photo = tmp_path / f"photo{suffix}"
    write_picture(read_picture(photos["deep" if suffix == ".tif" else "rgb"]), photo)
    end, answer = send(lab, "upscale", [upload(lab, photo), "lab-x4", 2])
    assert end == "complete"
    np.testing.assert_array_equal(fetched(answer, tmp_path), by_library(photo, 2))


def test_gradios_own_client_needs_only_the_photo(lab, photos):
    """In a process of its own: the client leaves event loops behind, and warnings are errors."""
    program = (
        "import sys; from gradio_client import Client, handle_file; "
        "client = Client(sys.argv[1], verbose=False); "
        "print(client.predict(api_name='/list_models')[0]['name']); "
        "print(client.predict(photo=handle_file(sys.argv[2]), api_name='/upscale'))"
    )
    command = [sys.executable, "-c", program, lab, str(photos["rgb"])]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert told[0] == "lab-x4"
    np.testing.assert_array_equal(read_picture(told[1]).pixels, by_library(photos["rgb"]))


def test_the_models_are_listed(lab):
    end, (models,) = send(lab, "list_models", [])
    assert end == "complete"
    assert models[0]["name"] == "lab-x4"
    assert models[0]["licence"] == "BSD-3-Clause"
    assert "RealESRGAN_x4plus" in [model["name"] for model in models]


def test_the_endpoints_are_described(lab):
    with urllib.request.urlopen(f"{lab}/gradio_api/info", timeout=30) as answer:
        named = json.load(answer)["named_endpoints"]
    assert {"/inspect", "/list_models", "/upscale"} <= set(named)
    names = [field["parameter_name"] for field in named["/upscale"]["parameters"]]
    assert names == ["photo", *(field.name for field in fields_of(UpscaleSettings))]
    assert "realesr upscale" in named["/upscale"]["description"]


def test_a_bad_photo_is_refused_in_one_sentence(lab, tmp_path):
    page = tmp_path / "photo.jpg"
    page.write_text("<html><title>404 Not Found</title></html>")
    end, answer = send(lab, "upscale", [upload(lab, page), "lab-x4", 4])
    assert end == "error" and "E102" in str(answer)


@pytest.mark.parametrize(
    ("model", "scale", "code"),
    [
        ("/etc/passwd", 4, "E208"),
        (["lab-x4"], 4, "E208"),
        (None, 4, "E208"),
        ("lab-x4", 9, "E001"),
        ("lab-x4", None, "E001"),
        ("lab-x4", "four", "E001"),
        ("lab-x4", {"a": 1}, "E001"),
    ],
)
def test_unknown_models_and_scales_are_refused(lab, photos, model, scale, code):
    end, answer = send(lab, "upscale", [upload(lab, photos["rgb"]), model, scale])
    assert end == "error" and answer["error"].startswith(f"{code} ")


@pytest.mark.parametrize(
    "values",
    [
        [],
        [None],
        ["x", "lab-x4", 4],
        [5, "lab-x4", 4],
        [{"a": 1}, "lab-x4", 4],
        [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, "lab-x4", 4],
        [{"path": "a\0b", "meta": {"_type": "gradio.FileData"}}, "lab-x4", 4],
        [{"path": "http://169.254.169.254/", "meta": {"_type": "gradio.FileData"}}, "x", 4],
    ],
)
def test_a_forged_call_gets_a_coded_sentence(lab, start_lab, values):
    end, answer = send(lab, "upscale", values)
    assert end == "error" and answer["error"].startswith("E001 ") and "passwd" not in str(answer)
    assert "Traceback" not in log_of(start_lab, lab)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("call/bogus", {"data": []}),
        ("run/predict", {"data": [], "fn_index": 9999}),
        ("api/predict", {"data": [], "fn_index": -1}),
    ],
)
def test_a_call_of_nothing_is_a_coded_sentence(lab, start_lab, path, body):
    call = urllib.request.Request(
        f"{lab}/gradio_api/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(call, timeout=60)
    assert refused.value.code == 404 and json.load(refused.value)["error"].startswith("E001 ")
    assert "Traceback" not in log_of(start_lab, lab)


def test_the_scale_is_a_number(lab):
    with urllib.request.urlopen(f"{lab}/gradio_api/info", timeout=60) as answer:
        fields = json.load(answer)["named_endpoints"]["/upscale"]["parameters"]
    scale = next(field for field in fields if field["parameter_name"] == "scale")
    assert scale["type"]["type"] in ("number", "integer") and scale["parameter_default"] == 4


def log_of(start_lab, address: str) -> str:
    """What a running lab wrote for its owner."""
    cache = start_lab.programs[address][1]
    return (cache.parent / "log").read_text()


@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}])
def test_a_forged_path_opens_no_file(lab, photos, meta):
    """A picture of this machine that was never uploaded must not come back enlarged."""
    forged = {"path": str(photos["rgb"]), **meta}
    end, answer = send(lab, "upscale", [forged, "lab-x4", 4])
    assert end == "error" and ".png" not in str(answer)


def test_a_space_offers_only_what_comes_along(monkeypatch, tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(b"")
    monkeypatch.setenv("REALESR_WEIGHTS", str(tmp_path))
    public = {offer.name for offer in Workbench(public=True).shelf.offers()}
    own = {offer.name: offer.label for offer in Workbench().shelf.offers()}
    judges = {spec.name for spec in known_models() if spec.architecture == "unet_discriminator"}
    assert public == {spec.name for spec in known_models() if spec.is_bundled} - judges
    assert "lab-x4" in public and "RealESRGAN_x4plus" not in public
    assert len(judges) > 1 and not judges & set(own), "a judge enlarges nothing"
    assert "downloaded on first use" in own["RealESRGAN_x4plus"]
    assert "on this machine" in own["mine"]
    assert own["bicubic"] == "bicubic · plain filter, no model"


def test_a_plan_says_size_tiles_and_time():
    bench = Workbench()
    assert "time unknown" in bench.plan(PLAIN, 256, 256)
    bench.warm_up().result()
    plan = bench.plan(PLAIN, 1024, 1024)
    assert plan.startswith("1,024 × 1,024 → 4,096 × 4,096 pixels · ")
    tiles = len(Upscaler("lab-x4").plan(1024, 1024))
    assert f"{tiles} tiles" in plan and "about " in plan
    assert "downloads the model first" in bench.plan(
        UpscaleSettings(model="RealESRGAN_x4plus"), 256, 256
    )


def test_a_result_too_large_to_show_is_refused_before_any_work():
    with pytest.raises(PictureError, match="E107"):
        Workbench().plan(UpscaleSettings(scale=8), 4000, 4000)


def test_the_sample_is_small_spoiled_and_always_the_same(tmp_path):
    (tmp_path / "a").mkdir()
    first, second = write_sample(tmp_path / "a"), write_sample(tmp_path)
    assert first.read_bytes() == second.read_bytes()
    picture = read_picture(first)
    assert picture.pixels.shape == (256, 256, 3) and picture.format == "JPEG"


def test_closing_a_run_frees_the_tile_lock_for_the_next(photos, tmp_path):
    bench = Workbench()
    steps = bench.upscale(photos["rgb"], PLAIN, tmp_path)
    for step in steps:
        if type(step).__name__ == "Tiles":
            break
    steps.close()
    assert not list(tmp_path.iterdir())
    for _ in bench.upscale(photos["rgb"], PLAIN, tmp_path):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "my rgb photo.png",
        "my rgb photo_x4.png",
    ]


@pytest.mark.parametrize(
    ("step", "sentence", "bar"),
    [
        (Loading(), "Loading the model …", "<progress aria-label="),
        (Loading(1_200_000, 67_000_000), "Downloading the model: 1.2 of 67.0 MB", 'max="67000000"'),
        (Loading(1_200_000, None), "Downloading the model: 1.2 MB", "<progress"),
        (Tiles(0, 1, 2.4), "Working in one piece · about 3 s", "<progress"),
        (Tiles(3, 8, 100.0), "3 of 8 tiles · about 2 min left", 'value="3" max="8"'),
        (Tiles(0, 8, None), "0 of 8 tiles", "<progress"),
        (Saving(), "Writing the result …", "<progress"),
    ],
)
def test_every_step_has_its_sentence_and_bar(step, sentence, bar):
    told = status.busy(step)
    assert f"<p>{sentence}</p>" in told and bar in told


def test_names_and_notices_are_shown_as_text_only():
    error = PictureError("E101", "<img src=x onerror=alert(1)> is empty.", "Copy it again.")
    assert "<img" not in status.refused(error)
    assert "&lt;script&gt;" in "".join(status.notices([str(Notice("W1", "<script>"))]))


def test_a_taken_port_is_one_sentence(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("E009 ") and str(port) in told and len(told.splitlines()) == 1


def test_an_impossible_port_is_one_sentence(capsys):
    assert main(["--port", "99999"]) == 2
    assert capsys.readouterr().err.startswith("E009 ")


def test_a_port_from_the_environment_must_be_a_number(capsys, monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_PORT", "http")
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 2 and "invalid int value" in capsys.readouterr().err


def test_a_space_starts_the_same_lab_for_strangers(start_lab):
    address = start_lab(["spaces_app.py"], SPACE_ID="somebody/realesr")
    end, (models,) = send(address, "list_models", [])
    assert end == "complete"
    names = {model["name"] for model in models}
    judges = {spec.name for spec in known_models() if spec.architecture == "unet_discriminator"}
    assert names == {spec.name for spec in known_models() if spec.is_bundled} - judges
