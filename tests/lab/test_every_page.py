"""What holds for every page: for everybody, quiet, at home on a phone, nothing from elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
import urllib.request
from pathlib import Path

import pytest

from lab.app import FURTHER_PAGES
from lab.text import ENGLISH

from .looking import Look

pytestmark = pytest.mark.browser

OURS = Path(__file__).with_name("accessibility.js").read_text(encoding="utf-8")
AXE = "axe-core@4.14.1"
PAGES = ["", *FURTHER_PAGES]
# Gradio's own, as its source makes them; everything else is ours to mend.
GRADIOS = {
    # The button of an upload area is named after its label, and shows other words.
    "label-content-name-mismatch": re.compile(r"data-testid|aria-dropeffect|type=\"file\""),
    # An accordion's and a radio's inner parts.
    "nested-interactive": re.compile(r"label-wrap"),
}


@pytest.fixture(scope="session")
def axe(tmp_path_factory) -> str | None:
    """The source of axe-core where npm can fetch it; our own checks run in any case."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "pack", "--silent", AXE]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    except (subprocess.SubprocessError, OSError):
        return None
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        kept = archive.extractfile("package/axe.min.js")
        assert kept is not None
        return kept.read().decode()


def violations(page, axe: str) -> list[str]:
    """What axe-core finds serious or critical and is not Gradio's own."""
    page.evaluate(axe)
    found = page.evaluate(
        "() => axe.run({ resultTypes: ['violations'], iframes: false, "
        "runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })"
    )["violations"]
    told = []
    for each in found:
        if each["impact"] not in ("serious", "critical"):
            continue
        known = GRADIOS.get(each["id"])
        told += [
            f"{each['id']}: {node['html'][:160]}"
            for node in each["nodes"]
            if not (known and known.search(node["html"]))
        ]
    return told


def theme(page, name: str) -> None:
    page.evaluate("name => document.body.classList.toggle('dark', name === 'dark')", name)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")


def focused_name(page) -> str:
    return page.evaluate(
        """() => {
          const at = document.activeElement;
          const labels = [...(at.labels || [])].map(label => label.innerText).join(' ');
          const said = at.getAttribute('aria-label') || labels || at.innerText || at.title;
          return said || at.querySelector('img')?.alt || at.tagName;
        }"""
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_everybody(browser, lab, axe, name):
    # Without motion colours change at once, so that contrasts can be read.
    look = Look(browser, f"{lab}/{name}", ready=".foot a[href$=privacy]", reduced_motion="reduce")
    page = look.page
    page.wait_for_timeout(500)
    assert page.title() and page.locator("nav a.active").count() <= 1
    wrong: dict[str, list[str]] = {}
    for width, shade in ((1280, "light"), (1280, "dark"), (360, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        theme(page, shade)
        wrong[f"{width} {shade}"] = page.evaluate(OURS)
        if axe and width == 1280:
            wrong[f"{width} {shade}"] += violations(page, axe)
    wide = page.evaluate("document.documentElement.scrollWidth")
    reached = set()
    page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.add(focused_name(page))
    look.close()
    assert not any(wrong.values()), json.dumps(wrong, indent=1)
    assert wide == 360, f"{wide} pixels wide on a screen of 360"
    assert len(reached) >= 4, f"by keyboard, only these are reached: {reached}"


def test_the_last_line_leads_to_both_pages_of_words(browser, lab):
    """That every page has this line is what its own test waits for."""
    for name, start in (("privacy", "ethics"), ("ethics", "privacy")):
        look = Look(browser, f"{lab}/{start}", ready=".foot")
        look.page.click(f".foot a[href$={name}]")
        look.page.wait_for_url(f"**/{name}*")
        look.page.wait_for_selector(f".words >> text={ENGLISH[f'{name}.title']}")
        look.close()


def test_the_page_privacy_names_the_limits_that_hold(start_lab, lab):
    from lab.keeping import LOOK_AGAIN, OWN_SECONDS, PUBLIC_SECONDS
    from lab.pages.privacy import PrivacyPage
    from lab.repeats import MOST_BYTES
    from lab.workbench import Workbench

    public, own = (
        PrivacyPage(Workbench(public=each), Path(), None)._text() for each in (True, False)
    )
    assert PUBLIC_SECONDS + LOOK_AGAIN == 600 and "after ten minutes" in public
    assert OWN_SECONDS == 24 * 3600 and "after 24 h" in own
    assert f"{MOST_BYTES >> 20} MB" in public


def test_every_page_asks_browsers_to_load_nothing_from_elsewhere(lab):
    for name in PAGES:
        with urllib.request.urlopen(f"{lab}/{name}", timeout=60) as answer:
            policy = answer.headers["content-security-policy"]
            html = answer.read().decode()
        assert "default-src 'self'" in policy
        assert not re.findall(
            r'(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)[^"]+\.(?:js|css)"', html
        )
