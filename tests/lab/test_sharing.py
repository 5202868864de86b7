"""Settings survive an address; what is shown to be copied is text, never markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.sharing import Shared, link_to, sharing_box
from realesr.degradations.spans import Span
from realesr.errors import ParameterError


@dataclass(frozen=True, kw_only=True)
class Page(Shared):
    """Settings of every kind."""

    model: str = "lab-x4"
    scale: Annotated[int, Span(1, 8)] = 4
    strength: Annotated[float, Span(0, 1)] = 1.0
    gray: bool = False
    mode: Literal["wipe", "side"] = "wipe"
    edge: Annotated[int, Span(0, 10_000)] | None = None


settings = st.builds(
    Page,
    model=st.text(),
    scale=st.integers(1, 8),
    strength=st.floats(0, 1),
    gray=st.booleans(),
    mode=st.sampled_from(["wipe", "side"]),
    edge=st.none() | st.integers(0, 10_000),
)


@given(settings)
def test_settings_survive_an_address(page):
    address = link_to("page", page)
    query = dict(parse_qsl(address.partition("?")[2], keep_blank_values=True))
    assert Page.from_query(query) == page


@pytest.mark.parametrize(
    "query",
    [{"scale": "9"}, {"scale": "four"}, {"gray": "yes"}, {"mode": "blink"}, {"strength": "nan"}],
)
def test_a_link_that_does_not_fit_is_one_coded_sentence(query):
    with pytest.raises(ParameterError) as refused:
        Page.from_query(query)
    assert str(refused.value).startswith("E001 ") and next(iter(query)) in str(refused.value)


def test_the_box_holds_what_it_is_given_and_nothing_as_markup():
    box = sharing_box("./degrade?a=1&b=<", "print('<b>')", "realesr degrade '<x>'", '{"a": "<"}')
    assert [f'data-kind="{kind}"' in box for kind in ("link", "python", "command", "json")] == [
        True
    ] * 4
    assert "<b>" not in box and "<x>" not in box and "&lt;x&gt;" in box
    assert 'href="./degrade?a=1&amp;b=&lt;"' in box
    assert sharing_box() == "" and "data-kind" in sharing_box(json="{}")
