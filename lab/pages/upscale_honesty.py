"""The legend of the honesty maps: what a bright place means, and one number each."""

from __future__ import annotations

import html

from lab.honest import Maps
from lab.text import say
from realesr.quality.honesty import HonestyMap


def nothing() -> str:
    """Before anybody asked."""
    return ""


def legend(maps: Maps) -> str:
    """Both maps in words, as HTML."""
    return (
        f'<section class="legend" aria-label="{_say("honesty.legend")}">'
        f"{_entry(maps.consistency)}{_entry(maps.invention)}"
        f"<p>{_say('honesty.beware')}</p></section>"
    )


def name_of(found: HonestyMap) -> str:
    """What stands above the map in the viewer."""
    return f"{say(f'honesty.{found.name}')} · {number(found)}"


def number(found: HonestyMap) -> str:
    """The one number of a map with its unit."""
    return say(f"honesty.{found.name}_number", value=f"{found.value:.1f}")


def _entry(found: HonestyMap) -> str:
    return (
        f"<figure><figcaption><strong>{_say(f'honesty.{found.name}')}</strong> "
        f"{html.escape(number(found))}</figcaption>"
        f'<div class="ramp" aria-hidden="true"></div>'
        f'<p class="ends"><span>0</span><span>{found.top:g}+ {_say("honesty.levels")}</span></p>'
        f"<p>{_say(f'honesty.{found.name}_means')}</p></figure>"
    )


def _say(key: str) -> str:
    return html.escape(say(key), quote=True)
