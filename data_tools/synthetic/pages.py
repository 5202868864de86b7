"""Pages of text in seven scripts: a book, a newspaper, a screen of code, a table, a poster.

The letters come from the DejaVu fonts inside matplotlib, so that every machine has them; they are
drawn finer than the page and reduced. The words are real ones in no order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, features

from data_tools.synthetic.canvas import Draws, Pixels, cloud, reduced
from data_tools.synthetic.colours import lch, palette
from data_tools.synthetic.words import LANGUAGES, Language

FINE = 2
Colour = tuple[int, int, int]


@lru_cache(maxsize=256)
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """One of the DejaVu fonts, such as ``"Sans-Bold"``, in pixels."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(str(folder / f"DejaVu{name}.ttf"), size)


def scripts() -> tuple[str, ...]:
    """The scripts that can be set here; those written leftward need Pillow's Raqm.

    >>> "Greek" in scripts()
    True
    """
    return tuple(dict.fromkeys(language.script for language in _languages()))


def _languages() -> list[Language]:
    shaping = features.check("raqm")
    return [language for language in LANGUAGES.values() if shaping or not language.leftward]


@dataclass
class Page:
    """A page being set: where the ink goes, in which language, with which letters.

    Args:
        generator: Where the draws come from.
        ink: What draws.
        size: Width and height of the fine page.
        unit: The height of ordinary letters, in fine pixels.
        language: What the words are taken from.
        family: ``"Sans"``, ``"Serif"`` or ``"SansMono"``.
        colour: Of the ink.
    """

    generator: Draws
    ink: ImageDraw.ImageDraw
    size: tuple[int, int]
    unit: float
    language: Language
    family: str
    colour: Colour

    def letters(self, size: float = 1.0, style: str = "") -> ImageFont.FreeTypeFont:
        """The page's font at so many units."""
        name = f"{self.family}-{style}" if style else self.family
        return font(name, max(6, round(self.unit * size)))

    def words(self, count: int) -> str:
        """So many words, short ones most often, as a sentence."""
        words = self.language.words
        rank = (self.generator.random(count) ** 1.5 * len(words)).astype(int)
        said = " ".join(words[place] for place in rank.tolist())
        said = said[0].upper() + said[1:] if self.language.script != "Georgian" else said
        return said + str(self.generator.choice([".", ".", ".", ",", "?", "!", ":"]))

    def line(self, letters: ImageFont.FreeTypeFont, width: float) -> str:
        """Words that fill a line and do not run over it."""
        said = ""
        while True:
            longer = f"{said} {self.words(int(self.generator.integers(3, 9)))}".strip()
            if letters.getlength(longer) > width:
                break
            said = longer
        for word in longer[len(said) :].split():
            if letters.getlength(f"{said} {word}") > width:
                break
            said = f"{said} {word}".strip()
        return said

    def set(
        self,
        words: str,
        left: float,
        top: float,
        width: float,
        letters: ImageFont.FreeTypeFont,
        *,
        colour: Colour | None = None,
        justify: bool = False,
        middle: bool = False,
    ) -> None:
        """Put one line on the page, from the side on which its language begins."""
        fill = colour or self.colour
        parts = words.split(" ")
        length = letters.getlength(words)
        if justify and len(parts) > 3 and length > 0.75 * width:
            bare = [letters.getlength(part) for part in parts]
            gap = (width - sum(bare)) / (len(parts) - 1)
            place = 0.0
            for part, wide in zip(parts, bare, strict=True):
                start = left + width - place - wide if self.language.leftward else left + place
                self.ink.text((start, top), part, fill, letters)
                place += wide + gap
            return
        start = left + width - length if self.language.leftward else left
        start = left + (width - length) / 2 if middle else start
        self.ink.text((start, top), words, fill, letters)

    def paragraph(self, left: float, top: float, width: float, bottom: float) -> float:
        """Justified lines down to an end; says where the last one ended."""
        letters = self.letters()
        step = self.unit * 1.45
        lines = int(self.generator.integers(3, 10))
        for number in range(lines):
            if top + step > bottom:
                return bottom
            last = number == lines - 1
            share = float(self.generator.uniform(0.3, 0.8)) if last else 1.0
            inset = 1.4 * self.unit if number == 0 else 0
            start = left if self.language.leftward else left + inset
            said = self.line(letters, (width - inset) * share)
            self.set(said, start, top, width - inset, letters, justify=not last)
            top += step
        return top + 0.5 * self.unit


def text(generator: Draws, height: int, width: int) -> Pixels:
    """A page of text, HWC uint8 RGB."""
    languages = _languages()
    language = languages[int(generator.integers(len(languages)))]
    layout = LAYOUTS[int(generator.integers(len(LAYOUTS)))]
    size = (width * FINE, height * FINE)
    paper, ink = _paper_and_ink(generator, dark=layout is code)
    sheet = Image.new("RGB", size, paper)
    families = [name for name in ("Sans", "Serif", "Serif") if name not in language.lacking]
    page = Page(
        generator,
        ImageDraw.Draw(sheet),
        size,
        min(FINE * float(generator.uniform(9, 17)), 0.06 * min(size)),
        language,
        str(generator.choice(families)),
        ink,
    )
    layout(page)
    fine = reduced(np.asarray(sheet), height, width)
    return _aged(generator, fine) if layout in (book, newspaper) else fine


def _paper_and_ink(generator: Draws, *, dark: bool) -> tuple[Colour, Colour]:
    hue = float(generator.choice([75.0, 90.0, 250.0, 200.0])) + float(generator.normal(0, 10))
    if dark or generator.random() < 0.1:
        light = (float(generator.uniform(0.16, 0.28)), float(generator.uniform(0.85, 0.97)))
    else:
        light = (float(generator.uniform(0.92, 0.995)), float(generator.uniform(0.08, 0.35)))
    tint = float(generator.uniform(0.0, 0.035))
    return _eight(lch(light[0], tint, hue)), _eight(lch(light[1], tint, hue + 180))


def _eight(colour: np.ndarray) -> Colour:
    red, green, blue = (round(float(part) * 255) for part in colour)
    return red, green, blue


def _aged(generator: Draws, page: Pixels) -> Pixels:
    """Paper that is not quite even, as paper is."""
    height, width = page.shape[:2]
    fall = cloud(generator, height, width, slope=3.5) * np.float32(generator.uniform(0, 3))
    fibres = cloud(generator, height, width, slope=0.6) * np.float32(generator.uniform(0, 1.2))
    return np.clip(np.round(page + (fall + fibres)[..., None]), 0, 255).astype(np.uint8)


def _accent(page: Page) -> Colour:
    return _eight(palette(page.generator).colours(page.generator, 1)[0])


def book(page: Page) -> None:
    """One column, justified, with a heading now and then and a page number."""
    width, height = page.size
    margin = 0.09 * width
    top, bottom = 0.08 * height, 0.9 * height
    while top < bottom - 2 * page.unit:
        if page.generator.random() < 0.3:
            heading = page.letters(1.5, "Bold")
            page.set(page.line(heading, 0.6 * width), margin, top, width - 2 * margin, heading)
            top += 2.6 * page.unit
        top = page.paragraph(margin, top, width - 2 * margin, bottom)
    number = str(int(page.generator.integers(2, 900)))
    page.set(number, 0, height - 2.6 * page.unit, width, page.letters(0.9), middle=True)


def newspaper(page: Page) -> None:
    """A headline over columns, a rule between them, a picture that is a gray box."""
    width, height = page.size
    page.unit *= 0.8
    margin = 0.04 * width
    headline = page.letters(3.2, "Bold")
    top = 0.04 * height
    for _ in range(int(page.generator.integers(1, 3))):
        page.set(page.line(headline, width - 2 * margin), margin, top, width - 2 * margin, headline)
        top += 4.2 * page.unit
    page.ink.line([(margin, top), (width - margin, top)], page.colour, max(2, width // 300))
    top += page.unit
    columns = int(page.generator.integers(2, 4))
    gap = 1.6 * page.unit
    column = (width - 2 * margin - (columns - 1) * gap) / columns
    boxed = int(page.generator.integers(0, columns + 1))
    for number in range(columns):
        left, down = margin + number * (column + gap), top
        if number == boxed:
            corner = (left + column, down + 0.62 * column)
            page.ink.rectangle([(left, down), corner], _accent(page))
            down = corner[1] + page.unit
        if number:
            middle = left - gap / 2
            page.ink.line([(middle, top), (middle, height)], page.colour, max(1, width // 900))
        while down < height:
            down = page.paragraph(left, down, column, height + 2 * page.unit)


def code(page: Page) -> None:
    """A screen of code: letters of one width, indented, in a few colours."""
    height = page.size[1]
    page.family = "Sans" if "SansMono" in page.language.lacking else "SansMono"
    letters = page.letters()
    inks = [page.colour, *(_eight(c) for c in lch(0.8, 0.13, np.array([150.0, 60.0, 280.0, 20.0])))]
    step, top, indent = 1.35 * page.unit, page.unit, 0
    signs = ["=", "(", ")", "->", "[0]", "{", "}", "+", "!=", "//", "0.25", "'x'", "512", "==", ";"]
    number = int(page.generator.integers(1, 400))
    gutter = letters.getlength("0000 ")
    while top < height:
        indent = int(np.clip(indent + page.generator.integers(-1, 2), 0, 5))
        page.ink.text((page.unit, top), f"{number:4d}", _between(page.colour), letters)
        left = page.unit + gutter + indent * letters.getlength("    ")
        for _ in range(int(page.generator.integers(0, 8))):
            if page.generator.random() < 0.45:
                word = str(page.generator.choice(signs))
            else:
                word = str(page.generator.choice(page.language.words))
            fill = inks[int(page.generator.integers(len(inks)))]
            page.ink.text((left, top), word, fill, letters)
            left += letters.getlength(word + " ")
        top, number = top + step, number + 1


def _between(colour: Colour) -> Colour:
    return _eight(np.array(colour) / 255 * 0.5 + 0.25)


def table(page: Page) -> None:
    """Rows of words and figures between thin rules, every other one tinted."""
    width, height = page.size
    page.family = "Sans"
    letters, strong = page.letters(), page.letters(1.0, "Bold")
    accent = _accent(page)
    margin = 0.04 * width
    room = max(1, int((width - 2 * margin) / (7.5 * page.unit)))
    columns = min(int(page.generator.integers(3, 6)), room)
    step = 2.2 * page.unit
    cell = (width - 2 * margin) / columns
    tint = _eight(0.88 * np.array(_paper(page)) / 255 + 0.12 * np.array(accent) / 255)
    rule = max(1, width // 700)
    for row in range(int(height / step) + 1):
        top = margin + row * step
        box = [(margin, top), (width - margin, top + step)]
        if row == 0:
            page.ink.rectangle(box, accent)
        elif row % 2:
            page.ink.rectangle(box, tint)
        page.ink.line([(margin, top), (width - margin, top)], page.colour, rule)
        for column in range(columns):
            left, line = margin + column * cell + 0.5 * page.unit, top + 0.45 * page.unit
            if row and column:
                figure = f"{page.generator.normal(0, 400):,.{column % 3}f}"
                at = left + cell - page.unit - letters.getlength(figure)
                page.ink.text((at, line), figure, page.colour, letters)
            else:
                bright = (255, 255, 255) if sum(accent) < 380 else (20, 20, 20)
                page.set(
                    str(page.generator.choice(page.language.words)),
                    left,
                    line,
                    cell - page.unit,
                    letters if row else strong,
                    colour=None if row else bright,
                )


def _paper(page: Page) -> Colour:
    return (245, 245, 245) if sum(page.colour) < 380 else (40, 40, 40)


def poster(page: Page) -> None:
    """Large words on bands of colour, getting smaller downwards."""
    width, height = page.size
    colours = [_eight(c) for c in palette(page.generator).colours(page.generator, 6)]
    top, size, number = 0.0, float(page.generator.uniform(0.16, 0.26)) * height, 0
    while top < height:
        back = colours[number % len(colours)]
        page.ink.rectangle([(0, top), (width, top + 1.45 * size)], back)
        bright = (250, 248, 240) if sum(back) < 380 else (24, 22, 28)
        letters = font(f"{page.family}-Bold", max(8, round(size)))
        said = page.line(letters, 0.92 * width) or str(page.generator.choice(page.language.words))
        page.set(said, 0.04 * width, top + 0.12 * size, 0.92 * width, letters, colour=bright)
        top, size, number = top + 1.45 * size, max(0.75 * size, 1.2 * page.unit), number + 1


LAYOUTS: tuple[Callable[[Page], None], ...] = (book, newspaper, code, table, poster)
