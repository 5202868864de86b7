"""The same work without the page: the settings as a command and as Python, ready to copy."""

from __future__ import annotations

import html
import shlex
from pathlib import PurePath

from lab.text import say

# Runs in the page, once: the buttons come and go with each update, so their box listens.
COPY_SCRIPT = """
element.addEventListener('click', async ({ target }) => {
  const button = target.closest('button[data-copied]');
  if (!button) return;
  const code = button.closest('figure').querySelector('pre');
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = button.dataset.copied;
  } catch {
    getSelection().selectAllChildren(code);
  }
});
"""


def command(photo: str, model: str, scale: int) -> str:
    """The command line that makes the same pixels.

    >>> command("my photo.jpg", "lab-x4", 4)
    "realesr upscale 'my photo.jpg' -o 'my photo_x4.png' --model lab-x4 --scale 4"
    """
    parts = ["realesr", "upscale", photo, "-o", _result(photo, scale)]
    return shlex.join([*parts, "--model", model, "--scale", str(scale)])


def python(photo: str, model: str, scale: int) -> str:
    """The Python that makes the same pixels.

    >>> print(python("photo.jpg", "lab-x4", 4))
    import realesr
    <BLANKLINE>
    picture = realesr.read_picture('photo.jpg')
    upscaler = realesr.Upscaler('lab-x4', scale=4)
    larger = picture.with_pixels(upscaler(picture.pixels))
    realesr.write_picture(larger, 'photo_x4.png')
    <BLANKLINE>
    """
    return (
        "import realesr\n\n"
        f"picture = realesr.read_picture({photo!r})\n"
        f"upscaler = realesr.Upscaler({model!r}, scale={scale})\n"
        "larger = picture.with_pixels(upscaler(picture.pixels))\n"
        f"realesr.write_picture(larger, {_result(photo, scale)!r})\n"
    )


def both(photo: str, model: str, scale: int) -> str:
    """Command and Python as HTML, each with its button."""
    settings = (photo, model, scale)
    first = f'<p class="first">{html.escape(say("upscale.repeat_first"))}</p>'
    line = _figure("upscale.command", command(*settings))
    return first + line + _figure("upscale.python", python(*settings))


def _figure(title: str, code: str) -> str:
    copy, copied = (html.escape(say(key), quote=True) for key in ("copy.copy", "copy.copied"))
    name = html.escape(say("copy.name", title=say(title)), quote=True)
    return (
        f'<figure class="recipe"><figcaption>{html.escape(say(title))}'
        f'<button type="button" data-copied="{copied}" aria-label="{name}">{copy}</button>'
        f"</figcaption><pre>{html.escape(code)}</pre></figure>"
    )


def _result(photo: str, scale: int) -> str:
    return f"{PurePath(photo).stem}_x{scale}.png"
