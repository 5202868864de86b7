"""Before, after and why: one figure for each operation that is not in the papers' recipes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from matplotlib.axes import Axes
from sheet import FAINT, Sheet, photo, psnr, red_on_blue
from torch import Tensor

from realesr.degradations.further import codecs, darkroom, optics, sensor
from realesr.degradations.further.vignette import Vignette
from realesr.degradations.operations import (
    Blur,
    GaussianNoise,
    Jpeg,
    Operation,
    PoissonNoise,
    Resize,
    Sinc,
    UnsharpMask,
)
from realesr.figures import BLUE, INK, ORANGE

SIDE, ZOOM = 76, 3
WIDE = SIDE * ZOOM


def before_after(
    name: str, before: Tensor, operation: Operation, words: str, plot: Callable[[Axes], None]
) -> None:
    """One row: the picture, what the operation makes of it, and the formula drawn."""
    after = operation.apply(before, (before.shape[-2], before.shape[-1]))
    zoom = WIDE // before.shape[-1]
    sheet = Sheet(880, WIDE + 60)
    sheet.picture(12, 12, before, zoom, "before")
    sheet.picture(24 + WIDE, 12, after, zoom, f"{words}\nPSNR {psnr(before, after):.1f} dB")
    plot(sheet.axes(36 + 2 * WIDE + 70, 34, 282, WIDE - 60))
    sheet.save(f"operation-{name}")


def kernel_plot(kernel: Tensor, title: str) -> Callable[[Axes], None]:
    """The picture of one lit pixel."""

    def plot(axes: Axes) -> None:
        reach = kernel.shape[0] / 2
        image = axes.imshow(kernel, cmap="cividis", extent=(-reach, reach, reach, -reach))
        axes.set(title=title, xlabel="x / px", ylabel="y / px")
        bar = axes.figure.colorbar(image, ax=axes, shrink=0.95)
        bar.set_label("weight")

    return plot


def of_the_papers() -> None:
    """What each operation of the papers' recipe alone makes of one face; round is not visible."""
    side, zoom = 68, 3
    face = photo("astronaut", 80, 188, side, side)
    cells: list[tuple[str, Operation | None]] = [
        ("before", None),
        ("blur\nsigma_x 3, sigma_y 0.7,\nangle 0.8", Blur(sigma_x=3, sigma_y=0.7, angle=0.8)),
        ("sinc\ncutoff 1.0", Sinc(cutoff=1.0)),
        ("resize\nfactor 0.25, area", Resize(factor=0.25, mode="area")),
        ("gaussian_noise\nsigma 20", GaussianNoise(sigma=20, seed=1)),
        ("poisson_noise\nscale 2, gray", PoissonNoise(scale=2, gray=True, seed=1)),
        ("jpeg\nquality 30", Jpeg(quality=30)),
        ("unsharp_mask\namount 1.5, radius 9", UnsharpMask(amount=1.5, radius=9)),
    ]
    step, tall = side * zoom + 12, side * zoom + 72
    sheet = Sheet(4 * step + 12, 2 * tall)
    for place, (words, operation) in enumerate(cells):
        after = operation.apply(face, (side, side)) if operation else face
        sheet.picture(
            12 + place % 4 * step,
            12 + place // 4 * tall,
            after,
            side * zoom // after.shape[-1],
            words,
        )
    sheet.save("operation-of_the_papers")


def motion_blur() -> None:
    """A path of 11 px."""
    operation = optics.MotionBlur(length=11, angle=0.5)
    before_after(
        "motion_blur",
        photo("astronaut", 80, 165, SIDE, SIDE),
        operation,
        "motion blur: 11 px, 0.5 rad",
        kernel_plot(operation.kernel(), "one lit pixel becomes"),
    )


def defocus() -> None:
    """Lights become discs."""
    operation = optics.Defocus(radius=4.5)
    before_after(
        "defocus",
        photo("rocket", 348, 338, SIDE, SIDE),
        operation,
        "defocus: radius 4.5 px",
        kernel_plot(operation.kernel(), "one lit pixel becomes"),
    )


def sensor_noise() -> None:
    """Variance against light, measured on the pixels that saw the colour."""
    white, read = 120.0, 3.0

    def plot(axes: Axes) -> None:
        lights = torch.linspace(0.05, 0.8, 9)
        measured = []
        for light in lights.tolist():
            tone = float(sensor.from_linear_light(torch.tensor(light)))
            flat = torch.full((1, 3, 200, 200), tone)
            operation = sensor.SensorNoise(white=white, read_noise=read, seed=1)
            saved = sensor.to_linear_light(operation.apply(flat, (200, 200)))
            seen = saved[sensor.bayer_masks(200, 200).bool().expand_as(saved)]
            measured.append(float(seen.std()))
        formula = (lights / white + (read / white) ** 2).sqrt()
        axes.plot(lights, formula, color=ORANGE, label="√(light/white + (read/white)²)")
        axes.plot(lights, measured, "o", color=BLUE, label="measured")
        axes.set(
            title="noise grows with the light", xlabel="light / white", ylabel="deviation / white"
        )
        axes.set_ylim(0, None)
        axes.legend(loc="lower right")

    before_after(
        "sensor_noise",
        photo("chelsea", 75, 125, SIDE, SIDE),
        sensor.SensorNoise(white=white, read_noise=read, seed=7),
        "sensor noise: white 120 e-, read 3 e-",
        plot,
    )


def film_grain() -> None:
    """Deviation against tone."""

    def plot(axes: Axes) -> None:
        tones = torch.linspace(0.02, 0.98, 13)
        operation = darkroom.FilmGrain(size=0.9, strength=16, seed=1)
        measured = []
        for tone in tones.tolist():
            flat = torch.full((1, 3, 200, 200), tone)
            measured.append(255 * float((operation.apply(flat, (200, 200)) - flat).std()))
        formula = 2 * 16 * (tones * (1 - tones)).sqrt()
        axes.plot(tones, formula, color=ORANGE, label="2 · strength · √(u(1 - u))")
        axes.plot(tones, measured, "o", color=BLUE, label="measured")
        axes.set(
            title="most in the middle tones", xlabel="tone u", ylabel="deviation / levels of 255"
        )
        axes.set_ylim(0, None)
        axes.legend(loc="lower center")

    before_after(
        "film_grain",
        photo("astronaut", 80, 165, SIDE, SIDE),
        darkroom.FilmGrain(size=0.9, strength=16, gray=True, seed=3),
        "film grain: size 0.9 px, strength 16/255",
        plot,
    )


def oversharpen() -> None:
    """A step with its halos."""

    def plot(axes: Axes) -> None:
        step = torch.full((1, 3, 3, 40), 0.3)
        step[..., 20:] = 0.7
        sharp = darkroom.Oversharpen(amount=1.5, radius=1.5).apply(step, (3, 40))
        places = torch.arange(-20, 20) + 0.5
        taps = darkroom.bell(1.5)
        height = 1.5 * 0.4 * (1 - float(taps[len(taps) // 2])) / 2
        for level in (0.7 + height, 0.3 - height):
            axes.axhline(level, color=FAINT, linewidth=1)
        axes.text(
            -13, 0.7 + height + 0.02, "0.7 + amount · step · (1 - g(0))/2", color=INK, fontsize=9
        )
        axes.step(places, step[0, 0, 1], where="mid", color=BLUE, label="before")
        axes.step(places, sharp[0, 0, 1], where="mid", color=ORANGE, label="after")
        axes.set(title="a step and its halos", xlabel="x / px", ylabel="value", xlim=(-14, 14))
        axes.set_ylim(0, 1.08)
        axes.legend(loc="lower right")

    before_after(
        "oversharpen",
        photo("astronaut", 332, 262, SIDE, SIDE),
        darkroom.Oversharpen(amount=1.5, radius=1.5),
        "over-sharpening: amount 1.5, radius 1.5 px",
        plot,
    )


def chroma_subsampling() -> None:
    """The weight with which a pixel's colour reaches its neighbours."""

    def plot(axes: Axes) -> None:
        blue = torch.zeros(24)
        blue[12:] = 1.0
        edge = 0.4 + 0.1 * torch.stack([0 * blue, -0.344136 * blue, 1.772 * blue])[None, :, None]
        places = torch.arange(-12, 12) + 0.5
        for sampling, colour, style in (("4:4:4", BLUE, "-"), ("4:2:0", ORANGE, "-")):
            shared = codecs.subsample_chroma(edge.expand(1, 3, 8, 24), sampling)[0, 2, 4]
            axes.step(
                places, (shared - 0.4) / 0.1772, style, where="mid", color=colour, label=sampling
            )
        axes.set(title="a colour edge", xlabel="x / px", ylabel="blue difference", xlim=(-5, 5))
        axes.legend(loc="upper left")

    before_after(
        "chroma_subsampling",
        red_on_blue(SIDE // 2),
        codecs.ChromaSubsampling(sampling="4:2:0"),
        "chroma subsampling: 4:2:0",
        plot,
    )


def banding() -> None:
    """The staircase."""

    def plot(axes: Axes) -> None:
        ramp = torch.linspace(0, 1, 600)
        axes.plot(ramp, ramp, color=BLUE, label="before")
        axes.plot(ramp, codecs.band(ramp, 16), color=ORANGE, label="16 levels")
        axes.set(title="only so many values", xlabel="value before", ylabel="value after")
        axes.legend(loc="upper left")

    before_after(
        "banding",
        photo("rocket", 0, 330, WIDE, WIDE),
        codecs.Banding(levels=16),
        "banding: 16 levels (4 bits)",
        plot,
    )


def webp() -> None:
    """What is lost at each quality, beside JPEG."""
    whole = photo("coffee", 150, 200, 200, 300)

    def plot(axes: Axes) -> None:
        qualities = [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]
        scores = [psnr(codecs.webp(whole, quality), whole) for quality in qualities]
        axes.plot(qualities, scores, "o-", color=BLUE, markersize=4)
        axes.set(title="closer with every step", xlabel="quality", ylabel="PSNR / dB")

    before_after(
        "webp",
        photo("coffee", 250, 325, SIDE, SIDE),
        codecs.WebP(quality=10),
        "WebP: quality 10",
        plot,
    )


def vignette() -> None:
    """Light against distance from the middle."""

    def plot(axes: Axes) -> None:
        distance = torch.linspace(0, 1, 100)
        for angle, colour in ((0.5, BLUE), (0.9, ORANGE)):
            light = (1 + (distance * math.tan(angle)) ** 2) ** -2
            axes.plot(distance, light, color=colour, label=f"{angle} rad")
        axes.set(title="cos⁴ of the angle", xlabel="distance / corner", ylabel="light / middle")
        axes.set_ylim(0, None)
        axes.legend()

    before_after(
        "vignette",
        photo("chelsea", 60, 120, WIDE // 2, WIDE // 2),
        Vignette(angle=0.9),
        "vignette: 0.9 rad at the corners",
        plot,
    )


FIGURES = (
    of_the_papers,
    motion_blur,
    defocus,
    sensor_noise,
    film_grain,
    oversharpen,
    chroma_subsampling,
    banding,
    webp,
    vignette,
)


def draw(names: Sequence[str] = ()) -> None:
    """Draw those of these names, or them all."""
    known = {figure.__name__: figure for figure in FIGURES}
    if unknown := set(names) - set(known):
        raise SystemExit(f"No figure here is called {min(unknown)}; there are: {', '.join(known)}.")
    for name in names or known:
        known[name]()
