"""The same again elsewhere: a page's settings as a link, as a command, as Python and as data.

A page keeps its settings in a frozen dataclass that derives from ``Shared``; ``sharing_box`` shows
what it is given, each with a button that copies it.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlencode

from lab.text import say
from realesr.degradations.spans import Checked, Field, fields_of, shown
from realesr.errors import ParameterError

SHARING_SCRIPT = """
const withView = (href) => {  // the viewer keeps what is seen in the address
  const link = new URL(href);
  const view = new URL(location.href).searchParams.get('view');
  if (view) link.searchParams.set('view', view);
  return link.href;
};
const address = () => {
  const link = element.querySelector('a[data-follow]');
  if (link) history.replaceState(history.state, '', withView(link.href));
};
element.addEventListener('click', async ({ target }) => {
  const button = target.closest('button[data-copied]');
  if (!button) return;
  const { kind } = button.closest('figure').dataset;
  // What is on its way replaces the box: what is copied is what the page then says.
  for (let turn = 0; 'working' in document.body.dataset && turn < 80; turn += 1) {
    await new Promise((done) => setTimeout(done, 50));
  }
  const figure = element.querySelector(`figure[data-kind=${kind}]`);
  const code = figure.querySelector('pre');
  try {
    const link = code.querySelector('a');
    await navigator.clipboard.writeText(link ? withView(link.href) : code.textContent);
    const pressed = figure.querySelector('button[data-copied]');
    pressed.textContent = pressed.dataset.copied;
  } catch {
    getSelection().selectAllChildren(code);
  }
});
const changes = { childList: true, subtree: true, attributes: true };
new MutationObserver(address).observe(element, changes);
"""
"""For the ``js_on_load`` of the `gr.HTML` that holds a box.

Runs once: the boxes come and go with each update, so the element around them listens. The browser's
own address follows the link, so that reloading and bookmarks keep what is on show.
"""

BEGUN_SCRIPT = "() => { document.body.dataset.working = ''; }"
"""An answer is on its way: what is copied meanwhile waits for ``ENDED_SCRIPT``."""
ANSWERED_SCRIPT = "() => { delete document.body.dataset.sent; }"
"""The answer to what ``controls.js`` sent is there: the next value may go."""
ENDED_SCRIPT = "() => { delete document.body.dataset.working; }"


class Shared(Checked):
    """Base of a page's settings: plain fields with defaults, checked, that fit into an address.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Page(Shared):
    ...     model: str = "lab-x4"
    ...     scale: int = 4
    >>> Page(scale=2).to_query()
    'scale=2'
    >>> Page.from_query({"scale": "2", "utm": "mail"})
    Page(model='lab-x4', scale=2)
    """

    def to_query(self) -> str:
        """What differs from the defaults, as the part of an address after the question mark."""
        pairs = []
        for field in fields_of(type(self)):
            value = getattr(self, field.name)
            if value != field.default:
                pairs.append((field.name, _written(value)))
        return urlencode(pairs)

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """The settings that ``to_query`` wrote; names that are not settings are left alone.

        Raises:
            ParameterError: E001 for a value that does not fit.
        """
        known: dict[str, Any] = {}
        for field in fields_of(cls):
            if field.name in query:
                known[field.name] = _read(field, query[field.name])
        try:
            return cls(**known)
        except ParameterError as error:
            raise _misread(error.cause) from error


def plain(value: Any) -> str:
    """A value as text, whole numbers without their point.

    >>> plain(4.0), plain(0.35), plain("x4")
    ('4', '0.35', 'x4')
    """
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else plain(value)


def _read(field: Field, text: str) -> Any:
    """A value from its text; what the text cannot be is left to the field's own check."""
    if field.optional and not text:
        return None
    if field.kind == "bool":
        return {"0": False, "1": True}.get(text, text)
    if field.kind in ("int", "float"):
        try:
            return {"int": int, "float": float}[field.kind](text)
        except ValueError:
            raise _misread(say("share.number", name=field.name, value=shown(text))) from None
    return text


def _misread(cause: str) -> ParameterError:
    return ParameterError("E001", say("share.misread", cause=cause), say("share.misread_next"))


def link_to(page: str, settings: Shared) -> str:
    """The address of a page with these settings, seen from any other page of the lab.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Page(Shared):
    ...     scale: int = 4
    >>> link_to("degrade", Page(scale=2)), link_to("", Page())
    ('./degrade?scale=2', './')
    """
    query = settings.to_query()
    return f"./{page}?{query}" if query else f"./{page}"


def followed(link: str) -> str:
    """A link that nobody sees and the browser's address follows, as HTML.

    For a `gr.HTML` with the ``SHARING_SCRIPT`` that is always there: what stands in a closed
    accordion is not.
    """
    return f'<a href="{html.escape(link, quote=True)}" data-follow hidden></a>' if link else ""


def sharing_box(link: str = "", python: str = "", command: str = "", json: str = "") -> str:
    """What is given, as HTML, each with its button; what is empty is left out.

    Args:
        link: An address from ``link_to``; the browser's own address follows it.
        python: A program that makes the same pixels.
        command: A command line that does.
        json: The same as data.
    """
    first = f'<p class="first">{html.escape(say("share.first"))}</p>' if command else ""
    parts = [
        _figure("link", _anchor(link)) if link else "",
        first,
        _figure("command", html.escape(command)) if command else "",
        _figure("python", html.escape(python)) if python else "",
        _figure("json", html.escape(json)) if json else "",
    ]
    return "".join(parts)


def _anchor(link: str) -> str:
    address = html.escape(link, quote=True)
    return f'<a href="{address}" data-follow>{address}</a>'


def _figure(kind: str, code: str) -> str:
    copy, copied = (html.escape(say(key), quote=True) for key in ("copy.copy", "copy.copied"))
    title = html.escape(say(f"share.{kind}"))
    name = html.escape(say("copy.name", title=say(f"share.{kind}")), quote=True)
    return (
        f'<figure class="recipe" data-kind="{kind}"><figcaption>{title}'
        f'<button type="button" data-copied="{copied}" aria-label="{name}">{copy}</button>'
        f"</figcaption><pre>{code}</pre></figure>"
    )
