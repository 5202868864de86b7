"""The stand-in Hub in a browser: what it holds, and each card as a page."""

from __future__ import annotations

import base64
import html
import re
from pathlib import PurePosixPath

from realesr.hub.store import Files

_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
_PICTURE = re.compile(r'<img src="([^":?#]+)"')
_YAML = re.compile(r"\A---\n(.*?)\n---\s*\n", re.DOTALL)
_STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1f; background: #fafaf8 }
table { border-collapse: collapse; margin: 1rem 0 } img { max-width: 100% }
td, th { border: 1px solid #d5d5d0; padding: .3rem .6rem; text-align: left; vertical-align: top;
  overflow-wrap: anywhere }
th { overflow-wrap: normal }
thead:not(:has(th:not(:empty))) { display: none }
pre { background: #efefea; padding: .8rem; overflow-x: auto } code { font-size: .92em }
summary, .files { color: #5f5f69; font-size: .92em }
"""


def repository_page(name: str, files: Files, *, private: bool) -> str:
    """A repository for a browser: its card, its metadata, its files.

    Args:
        name: What it is called.
        files: Contents by path.
        private: Whether its owner alone would see it.

    >>> "<h1>Maps</h1>" in repository_page("a/b", {"README.md": b"# Maps"}, private=False)
    True
    """
    text = files.get("README.md", b"").decode("utf-8", "replace")
    block = _YAML.match(text)
    metadata = block[1] if block else ""
    body = _PICTURE.sub(lambda found: f'<img src="{_inline(found[1], files)}"', _rendered(text))
    listed = "".join(
        f"<tr><td>{html.escape(path)}</td><td>{len(data):,} bytes</td></tr>"
        for path, data in sorted(files.items())
    )
    seen = "private" if private else "public"
    return _page(
        name,
        f'<p class="files"><a href="/">All repositories</a> · {html.escape(name)} · {seen}</p>'
        f"<details><summary>Metadata</summary><pre>{html.escape(metadata)}</pre></details>"
        f'{body}<h2>Files</h2><table class="files">{listed}</table>',
    )


def front_page(names: list[str]) -> str:
    """Every repository, as links."""
    links = "".join(f'<li><a href="/{html.escape(n)}">{html.escape(n)}</a></li>' for n in names)
    inside = f"<ul>{links}</ul>" if names else "<p>Nothing has been published yet.</p>"
    return _page("A Hub on this machine", f"<h1>A Hub on this machine</h1>{inside}")


def _rendered(text: str) -> str:
    """Markdown as HTML; tags inside it are shown, not obeyed."""
    from markdown_it import MarkdownIt

    return str(
        MarkdownIt("commonmark", {"html": False}).enable("table").render(_YAML.sub("", text))
    )


def _inline(path: str, files: Files) -> str:
    """A picture of the repository inside the page itself, so that a private one is seen too."""
    kind = _TYPES.get(PurePosixPath(path).suffix.lower())
    if kind is None or path not in files:
        return ""
    return f"data:{kind};base64,{base64.b64encode(files[path]).decode()}"


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>{body}</html>'
    )
