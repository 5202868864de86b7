"""`realesr publish`: from a real run to a Hub over HTTP, and back by name."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from realesr import Upscaler, load_model, read_picture
from realesr.hub.card_rules import mistakes
from realesr.hub.plan import read_sums
from realesr.hub.refusals import token_place
from tests.pictures import natural

# The client's own way of sending large files.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

NAME = "ada/old-maps-x4"
CANARY = "hf_CANARY" + "x7Qz" * 8


@pytest.fixture
def desk(hub, trained, tmp_path, monkeypatch):
    """A Hub, and a copy of the run to spoil."""
    # How long a call takes is measured once for a weights file, and kept there.
    monkeypatch.setenv("REALESR_CACHE", str(trained.parent / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "fetched"))
    shutil.copytree(trained, tmp_path / "old-maps")
    monkeypatch.chdir(tmp_path)
    return hub


def test_a_bare_weights_file_is_shown_and_nothing_is_sent(desk, realesr, tmp_path):
    weights = tmp_path / "maps.safetensors"
    shutil.copy("old-maps/best/generator.safetensors", weights)
    (tmp_path / "evaluation.md").write_text(
        "### photos\n\n| model | dB |\n|---|---|\n| Mine | 26.1 |"
    )
    run = realesr("publish", weights, "--repo", NAME, "--dry-run")
    assert run.code == 0 and not desk.asked, run.err
    assert "Mine | 26.1" in run.out
    for words in (f"model {NAME} (private", "model.safetensors", "README.md", "pipeline_tag"):
        assert words in run.out
    assert f"{weights.stat().st_size:,} bytes" in run.out
    assert "To clear: licence:" in run.out and "To clear: [[data]]:" in run.out
    assert "Nothing was sent" in run.out


def test_published_listed_pulled_run_and_published_again(desk, realesr, tmp_path):
    from huggingface_hub import HfApi, ModelCard

    words = ("publish", "old-maps", "--repo", NAME, "--yes", "--json")
    run = realesr(*words)
    assert run.code == 0, run.err
    made = run.document["repositories"][0]
    assert run.document["published"] and made["changed"]
    files = desk.files(NAME)
    assert set(read_sums(files["SHA256SUMS"].decode())) == {
        *(".eval_results/held-out.yaml", "README.md", "config.json", "curves.png"),
        *("examples.png", "model.safetensors", "recipe.json", "training.toml"),
    }
    assert files["model.safetensors"] == Path("old-maps/best/generator.safetensors").read_bytes()
    assert any("validate-yaml" in line for line in desk.asked)

    api = HfApi(endpoint=desk.url)
    assert [each.id for each in api.list_models(author="ada")] == [NAME]
    assert api.model_info(NAME).private
    card = ModelCard(files["README.md"].decode())
    assert card.data.pipeline_tag == "image-to-image" and card.data.library_name == "realesr"
    assert card.data.license == "cc-by-4.0" and mistakes(str(card), "model") == []
    psnr = next(each for each in card.data.eval_results if each.metric_type == "psnr")
    told = json.loads(Path("old-maps/best/scores.json").read_text())
    assert psnr.metric_value == round(told["psnr"], 4)

    Image.fromarray(natural("coffee", 24, 20)).save("photo.png")
    for model, out in ((NAME, "named.png"), (f"{NAME}@{made['commit']}", "pinned.png")):
        assert realesr("upscale", "photo.png", "-o", out, "--model", model).code == 0
    local = Path("old-maps/best/generator.safetensors")
    assert realesr("upscale", "photo.png", "-o", "local.png", "--model", local).code == 0
    assert realesr("models", "pull", NAME).code == 0
    pixels = [read_picture(f"{name}.png").pixels for name in ("named", "pinned", "local")]
    assert (pixels[0] == pixels[2]).all() and (pixels[1] == pixels[2]).all()

    again = realesr(*words).document["repositories"][0]
    assert not again["changed"] and again["commit"] == made["commit"]
    about = Path("old-maps/about.toml")
    about.write_text(about.read_text().replace("printed maps", "old printed maps"))
    third = realesr(*words).document["repositories"][0]
    assert third["changed"] and b"old printed maps" in desk.files(NAME)["README.md"]
    assert set(desk.store.repositories[NAME].branches) == {"main"}


def as_others_read(path: Path, image: torch.Tensor) -> torch.Tensor:
    """A Compact network as spandrel and chaiNNer find it: by the names and shapes alone.

    There ``body.0.weight`` and ``body.1.weight`` make it one, the number of the last ``body`` entry
    gives the depth, its bias the scale; activations are PReLU, the input is added nearest-enlarged.
    """
    state = load_file(path)
    assert {"body.0.weight", "body.1.weight"} <= set(state)
    last = max(int(name.split(".")[1]) for name in state)
    scale = round((state[f"body.{last}.bias"].shape[0] / 3) ** 0.5)
    hidden = image
    for number in range(0, last, 2):
        hidden = F.conv2d(
            hidden, state[f"body.{number}.weight"], state[f"body.{number}.bias"], padding=1
        )
        hidden = F.prelu(hidden, state[f"body.{number + 1}.weight"])
    hidden = F.conv2d(hidden, state[f"body.{last}.weight"], state[f"body.{last}.bias"], padding=1)
    return F.pixel_shuffle(hidden, scale) + F.interpolate(image, scale_factor=scale)


def test_the_published_file_is_what_other_programs_read(trained):
    weights = trained / "best" / "generator.safetensors"
    image = torch.rand(1, 3, 18, 22, generator=torch.Generator().manual_seed(0))
    ours = Upscaler(load_model(weights, device="cpu"), precision="fp32").upscale_tensor(image)
    theirs = as_others_read(weights, image)
    assert (ours - theirs).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('licence = "CC-BY-4.0"', 'licence = ""', "licence: on which terms"),
        ('licence = "CC-BY-4.0"', 'licence = "mine"', "'mine' is no licence known here"),
        (
            "authors",
            'base = "eve/base"\nbase_licence = "CC-BY-NC-4.0"\nauthors',
            "CC-BY-NC-4.0 of the base model eve/base allows no commercial use",
        ),
        ("authors", 'base = "eve/base"\nauthors', "the licence of the base model eve/base is not"),
        ("summary", "sumary", "sumary is unknown; known are title, summary"),
    ],
)
def test_what_is_not_ready_is_not_sent(desk, realesr, old, new, words):
    about = Path("old-maps/about.toml")
    about.write_text(about.read_text().replace(old, new))
    run = realesr("publish", "old-maps", "--repo", NAME, "--yes")
    assert run.code == 2 and words in run.err, run.err
    assert not desk.asked


def test_a_token_is_refused_wherever_it_stands_and_is_never_shown(desk, realesr, monkeypatch):
    """In the environment it is used, in a file and on the command line it stops everything."""
    desk._tokens[CANARY] = desk._tokens[os.environ["HF_TOKEN"]]
    monkeypatch.setenv("HF_TOKEN", CANARY)
    shown = []
    run = realesr("publish", "old-maps", "--repo", NAME, "--yes")
    shown += [run.out, run.err, *map(str, desk.files(NAME).values())]
    assert run.code == 0
    for words in (["--token", CANARY], [f"--token={CANARY}"], [CANARY]):
        run = realesr("publish", "old-maps", "--repo", NAME, *words)
        assert (run.code, run.err[:4]) == (6, "E603") and "Revoke it" in run.err
        shown += [run.out, run.err]
    about = Path("old-maps/about.toml")
    about.write_text(about.read_text().replace("Ada Example", CANARY))
    for extra in ((), ("--yes",), ("--json",)):
        run = realesr("publish", "old-maps", "--repo", NAME, *extra)
        assert run.code == 6 and "a Hugging Face token in about.toml" in run.err + run.out
        shown += [run.out, run.err]
    desk.expire(CANARY)
    run = realesr("publish", "old-maps", "--repo", "ada/other", "--yes", "--json")
    shown += [run.out, run.err]
    assert not [text for text in shown if "CANARY" in text]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_the_token_is_in_no_process_list_and_in_no_traceback(desk, monkeypatch):
    """While it publishes, every command line of this machine is looked at."""
    desk._tokens[CANARY] = desk._tokens[os.environ["HF_TOKEN"]]
    environment = {**os.environ, "HF_TOKEN": CANARY, "REALESR_DEBUG": "1"}
    desk.faults.answer("GET .*/refs", 418)
    words = [sys.executable, "-m", "realesr.cli", "publish", "old-maps", "--repo", NAME, "--yes"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    lines = set()
    with subprocess.Popen(words, env=environment, text=True, **pipes) as child:
        while child.poll() is None:
            time.sleep(0.05)
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    lines.add(path.read_bytes())
        output = child.stdout.read()
    assert any(b"realesr" in line for line in lines)
    assert not [line for line in lines if b"CANARY" in line]
    assert "CANARY" not in output and child.returncode == 6, output


def test_a_space_is_planned_with_the_model_first(desk, realesr):
    run = realesr("publish", "old-maps", "--repo", NAME, "--space", "--json")
    assert run.code == 0, run.err
    space = run.document["repositories"][1]
    assert (space["kind"], space["repository"]) == ("space", f"{NAME}-lab")
    paths = {file["path"] for file in space["files"]}
    assert {"spaces_app.py", "requirements.txt", "README.md"} <= paths
    assert {"lab/app.py", "lab/languages/en.toml", "realesr/cli.py"} <= paths
    assert not [path for path in paths if "__pycache__" in path or path.startswith("tests")]
    run = realesr("publish", "old-maps", "--repo", NAME, "--space", "--yes")
    assert run.code == 0, run.err
    files = desk.files(f"spaces/{NAME}-lab")
    assert set(files) == paths | {".gitattributes"}
    assert mistakes(files["README.md"].decode(), "space") == []
    assert (
        NAME.encode() in files["spaces_app.py"]
        and b"huggingface.co/spaces" in desk.files(NAME)["README.md"]
    )


def test_the_lab_of_a_space_has_the_model_first(desk, monkeypatch, trained):
    """With the variables that the Space's program sets, fetched by name: the same pixels."""
    from lab.shelf import Shelf

    weights = trained / "best" / "generator.safetensors"
    desk.commit(NAME, {"model.safetensors": weights.read_bytes()})
    for name in ("REALESR_FIRST_MODEL", "REALESR_ALLOWED_MODELS"):
        monkeypatch.setenv(name, NAME)
    monkeypatch.setenv("SPACE_ID", f"{NAME}-lab")
    shelf = Shelf(public=True)
    assert shelf.offers()[0].name == shelf.first == NAME
    pixels = natural("coffee", 20, 24)
    by_name, local = (Upscaler(model)(pixels) for model in (shelf.load(NAME), str(weights)))
    assert (by_name == local).all()


def test_nothing_of_this_machine_is_told(desk, realesr, tmp_path):
    """The configuration names an absolute output; what is published does not."""
    assert str(tmp_path.parent) in Path("old-maps/config.toml").read_text()
    run = realesr("publish", "old-maps", "--repo", NAME, "--json")
    text = json.dumps(run.document)
    assert run.code == 0 and str(tmp_path) not in text and str(tmp_path.parent) not in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("missing", "--repo", NAME), "E001 missing is not there"),
        (("old-maps", "--repo", "maps"), "E001 'maps' is no name of a repository"),
        (("old-maps", "--repo", NAME, "--yes", "--dry-run"), "contradict"),
        (("old-maps", "--repo", f"https://huggingface.co/{NAME}"), f"Write --repo {NAME};"),
        (
            ("old-maps", "--repo", f"huggingface.co/spaces/{NAME}/tree/main"),
            f"Write --repo {NAME};",
        ),
        (("old-maps", "--repo", "https://example.org"), "is no name of a repository"),
        ((".", "--repo", NAME), "no output of a training run"),
    ],
)
def test_refusals(desk, realesr, words, said):
    run = realesr("publish", *words)
    assert run.code == 2 and said in run.err, run.err


def test_what_is_said_of_a_run_holds_for_its_steps(desk, realesr):
    run = realesr("publish", "old-maps/step-000003", "--repo", NAME, "--json")
    assert run.code == 0 and run.document["to_clear"] == [], run.document["to_clear"]
    assert "# Old maps, four times" in run.document["card"]
    assert "Steps | 3 of 6" in run.document["card"]
    shutil.copy("old-maps/about.toml", "about.toml")
    Path("old-maps/about.toml").unlink()
    run = realesr("publish", "old-maps", "--repo", NAME, "--json")
    assert "# old-maps-x4" in run.document["card"]


def test_a_token_is_made_at_the_hub_that_is_used(desk, realesr, monkeypatch):
    for address in ("https://huggingface.co", ""):
        monkeypatch.setenv("HF_ENDPOINT", address)
        assert token_place() == "at huggingface.co/settings/tokens"
    monkeypatch.setenv("HF_ENDPOINT", desk.url)
    run = realesr("publish", "old-maps", "--repo", NAME, CANARY)
    assert f"Revoke it at the Hub that HF_ENDPOINT names ({desk.url})" in run.err


def test_weights_that_are_no_numbers_never_leave(desk, realesr, tmp_path):
    state = load_file("old-maps/best/generator.safetensors")
    state["body.0.weight"][0, 0, 0, 0] = torch.nan
    save_file(state, tmp_path / "broken.safetensors")
    run = realesr("publish", "broken.safetensors", "--repo", NAME, "--yes")
    assert run.code == 4 and "E204" in run.err and not desk.asked
