"""The page Models: one more from the Hub, a run's card, and a visit by mouse and by keyboard."""

from __future__ import annotations

import io
import os

import pytest
from safetensors.torch import save

from lab.pages import models_html
from lab.pages.models_publish import PublishWizard
from lab.settings import UpscaleSettings
from lab.workbench import Workbench
from realesr.errors import ModelError
from realesr.hub.local_hub import LocalHub
from realesr.models.catalogue import find_model
from realesr.models.srcnn import SRCNN

from .looking import Look

os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
CONFIG = b'{"architecture": "srcnn", "scale": 3, "licence": "CC-BY-4.0"}'


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub with one small model, ada/maps."""
    for name in ("HF_HUB_OFFLINE", "SPACE_ID", "REALESR_WEIGHTS", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    with LocalHub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        weights = save(SRCNN(3, 4, 4).state_dict())
        hub.commit("ada/maps", {"model.safetensors": weights, "config.json": CONFIG})
        yield hub


def names(bench: Workbench) -> list[str]:
    return [offer.name for offer in bench.shelf.offers()]


def test_a_model_of_the_hub_is_on_offer_once_it_is_loaded(hub, photos, tmp_path):
    bench = Workbench()
    assert "ada/maps" not in names(bench)
    for _ in bench.shelf.add("ada/maps"):
        pass
    assert names(bench).count("ada/maps") == 1
    for _ in bench.upscale(photos["rgb"], UpscaleSettings(model="ada/maps", scale=3), tmp_path):
        pass
    assert (tmp_path / "my rgb photo_x3.png").is_file()
    table = models_html.table(bench.shelf, bench.speeds, bench.shelf.offers())
    assert "ada/maps" in table and "CC-BY-4.0" in table


def test_a_space_loads_only_what_its_owner_listed(hub, monkeypatch):
    bench = Workbench(public=True)
    with pytest.raises(ModelError, match="E208"):
        list(bench.shelf.add("ada/maps"))
    assert not hub.asked, "nothing is fetched for a stranger"
    monkeypatch.setenv("REALESR_ALLOWED_MODELS", "ada/other, ada/maps")
    list(bench.shelf.add("ada/maps"))
    assert "ada/maps" in names(bench)


def test_what_is_no_model_is_refused_and_not_offered(hub):
    bench = Workbench()
    with pytest.raises(ModelError):
        list(bench.shelf.add("/nowhere/at/all.pth"))
    assert names(bench) == names(Workbench())


def test_speed_stands_in_the_table_once_it_was_measured():
    bench = Workbench()
    assert bench.speeds.measured("nearest") is None
    bench.measure("nearest", side=16)
    told = models_html.speed(bench.speeds.measured("nearest"))
    assert told.endswith("s per megapixel") and told in models_html.table(
        bench.shelf, bench.speeds, bench.shelf.offers()
    )


def test_the_card_of_a_bundled_model_is_plain_words_without_yaml():
    card = models_html.card(find_model("lab-x4"))
    assert card.startswith("### lab-x4") and "license:" not in card
    assert "](../" not in card and "Training pictures" in card
    assert models_html.card(find_model("bicubic")) == models_html.card(None)


def test_the_wizard_shows_what_the_command_would_publish(tmp_path):
    from realesr.train.config_files import read_config
    from realesr.train.run import train

    output = tmp_path / "runs" / "old-maps"
    changes = ["steps=2", "save.every=2", "watch.validate_every=2", "watch.preview_every=2"]
    changes += [f"output={output}", "watch.log_every=1", "name=old-maps", "gan.start_step=1"]
    train(read_config("configs/smoke.toml", changes), stream=io.StringIO())
    wizard = PublishWizard(tmp_path, tmp_path / "runs")
    assert wizard.names() == ["old-maps"]
    for name in ("status", "plan", "card_box", "card"):
        setattr(wizard, name, name)
    shown = wizard.show("old-maps", "ada/old-maps")
    assert "model.safetensors" in shown["plan"] and "SHA256SUMS" in shown["plan"]
    assert "--repo ada/old-maps --yes" in shown["plan"] and "To clear" in shown["plan"]
    assert "old-maps" in shown["card"] and not shown["card"].startswith("---")
    assert "E001" in wizard.show("old-maps", "no name")["status"]
    assert "E001" in wizard.show("../etc", "ada/old-maps")["status"]


@pytest.mark.browser
def test_a_visit_by_keyboard_and_on_a_phone(browser, lab):
    one = Look(browser, f"{lab}/models", ready="#table table")
    one.page.wait_for_selector("#details >> text=Trained")
    one.page.focus("#measure")
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector("#models-status >> text=s per megapixel", timeout=60_000)
    one.page.wait_for_selector("#table >> text=s per megapixel")
    one.page.fill("#hub input, #hub textarea", "/nowhere.pth")
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector("#models-status [role=alert]")
    one.page.set_viewport_size({"width": 360, "height": 740})
    assert one.page.evaluate("document.documentElement.scrollWidth") == 360
    one.close()
