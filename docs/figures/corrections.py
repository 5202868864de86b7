"""What each correction between ``real_esrgan_exact`` and ``real_esrgan`` changes, in numbers.

``python docs/figures/corrections.py`` prints the table of ``docs/degradations.md``.
"""

from __future__ import annotations

import io
import sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from sheet import Sheet, photo, psnr, red_on_blue
from torch import Tensor

from realesr.degradations import (
    Blur,
    GaussianNoise,
    Jpeg,
    PoissonNoise,
    Resize,
    jpeg,
    presets,
)
from realesr.figures import BLUE, INK, ORANGE
from realesr.randomness import spawn


def libjpeg(image: Tensor, quality: int, sampling: int = 2) -> Tensor:
    """What the real libjpeg makes of a picture, through Pillow; 2 is 4:2:0."""
    pixels = (image[0] * 255).round().byte().movedim(0, -1).numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=sampling)
    return torch.from_numpy(np.array(Image.open(file))).movedim(-1, 0)[None] / 255


def transposed(image: Tensor, quality: int) -> Tensor:
    """Our JPEG, but with the reference's table for brightness."""
    right, jpeg.LUMINANCE = jpeg.LUMINANCE, jpeg.LUMINANCE.T.contiguous()
    try:
        return jpeg.libjpeg(image, quality)
    finally:
        jpeg.LUMINANCE = right


def jpeg_table() -> None:
    """The luminance tables, and what they do to upright and lying stripes."""
    sheet = Sheet(880, 330)
    right, wrong = jpeg.LUMINANCE.float(), jpeg.LUMINANCE.T.float()
    for left, table, title in (
        (48, right, "libjpeg: ITU-T T.81, table K.1"),
        (348, wrong, "reference: transposed"),
    ):
        axes = sheet.axes(left, 34, 240, 240)
        axes.imshow(table, cmap="cividis", vmin=0, vmax=125)
        for row in range(8):
            for column in range(8):
                value = int(table[row, column])
                axes.text(
                    column,
                    row,
                    str(value),
                    ha="center",
                    va="center",
                    fontsize=9,
                    color="white" if value < 70 else INK,
                )
        axes.set(title=title, xlabel="horizontal / (cycles per 16 px)")
        axes.set_xticks(range(8))
        axes.set_yticks(range(8))
    sheet.figure.axes[0].set_ylabel("vertical / (cycles per 16 px)")
    qualities = range(10, 100, 5)
    whole = photo("astronaut", 40, 100, 208, 224)
    axes = sheet.axes(660, 34, 205, 240)
    for standard, colour, words in (
        ("libjpeg", BLUE, "corrected"),
        ("reference", ORANGE, "reference"),
    ):
        scores = [
            psnr(
                Jpeg(quality=quality, standard=standard).apply(whole, (208, 224)),
                libjpeg(whole, quality),
            )
            for quality in qualities
        ]
        finite = [min(score, 60.0) for score in scores]
        axes.plot(qualities, finite, color=colour, label=words)
    axes.set(title="agreement with libjpeg", xlabel="quality", ylim=(25, 63))
    axes.set_ylabel("PSNR / dB (60: equal bits)", labelpad=2)
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.68))
    sheet.save("correction-jpeg-table")


def nearest_chroma(image: Tensor, quality: int) -> Tensor:
    """Our JPEG, but each colour repeated over its 2x2 pixels, as the reference does."""
    whole, jpeg.double = jpeg.double, lambda chroma: F.interpolate(chroma, scale_factor=2)
    try:
        return jpeg.libjpeg(image, quality)
    finally:
        jpeg.double = whole


def chroma() -> None:
    """Colour spread in triangles against colour in squares."""
    image = red_on_blue(48)
    truth = libjpeg(image, 75)
    sheet = Sheet(880, 276)
    columns = (
        (image, "before"),
        (truth, "libjpeg itself, quality 75"),
        (
            jpeg.libjpeg(image, 75),
            f"corrected: {min(psnr(jpeg.libjpeg(image, 75), truth), 99):.0f} dB to it",
        ),
        (
            nearest_chroma(image, 75),
            f"squares: {psnr(nearest_chroma(image, 75), truth):.1f} dB to it",
        ),
    )
    if torch.equal(columns[2][0], truth):
        columns = (*columns[:2], (columns[2][0], "corrected: equal bits"), columns[3])
    for place, (picture, words) in enumerate(columns):
        sheet.picture(16 + 216 * place, 14, picture, 4, words)
    sheet.text(16, 242, "red letters on blue, 48x48 px, each pixel enlarged 4 times")
    sheet.save("correction-chroma")


def resize_positions() -> None:
    """Where the pixels are taken, and what that shifts."""
    side, factor = 400, 0.3769
    small = int(side * factor)
    index = torch.arange(small)
    nominal = (index + 0.5) / factor
    sizes = (index + 0.5) * side / small
    image = photo("coffee", 0, 100, 400, 400)
    results = [
        Resize(factor=factor, mode="bicubic", standard=standard).apply(image, (side, side))
        for standard in ("size", "reference")
    ]
    sheet = Sheet(880, 280)
    axes = sheet.axes(70, 34, 300, 190)
    axes.plot(index, sizes - nominal, color=ORANGE)
    axes.set(
        title=f"400 px to {small} px, nominal factor {factor}",
        xlabel="pixel of the small picture",
        ylabel="reference is behind by / px",
    )
    axes.set_ylim(0, None)
    zoom, cut = 6, 34
    for place, (picture, words) in enumerate(zip(results, ("corrected", "reference"), strict=True)):
        piece = picture[..., -cut:, -cut:]
        sheet.picture(430 + 220 * place, 20, piece, zoom, words)
    sheet.text(430, 254, f"the far corner; whole pictures: {psnr(*results):.1f} dB apart")
    sheet.save("correction-resize-positions")


def poisson_levels() -> None:
    """The deviation of the noise for pictures with few and with many values."""
    values = [1, 2, 4, 8, 16, 32, 64, 128]
    sheet = Sheet(880, 300)
    axes = sheet.axes(80, 34, 330, 190)
    for levels, colour, words in ((256, BLUE, "corrected"), (None, ORANGE, "reference")):
        measured, seen = [], []
        for count in values:
            steps = torch.linspace(0.25, 0.75, count) if count > 1 else torch.tensor([0.5])
            image = (
                steps.repeat(40_000 // count + 1)[:40_000].view(1, 1, 200, 200) * 255
            ).round() / 255
            noise = PoissonNoise(scale=0.3, seed=1, levels=levels)
            noisy = noise.apply(image.expand(1, 3, -1, -1).contiguous(), (200, 200))
            measured.append(255 * float((noisy - image).std()))
            seen.append(len(image.unique()))
        axes.plot(seen, measured, "o-", color=colour, label=words, markersize=4)
    axes.set_xscale("log", base=2)
    axes.set(
        title="grays around the middle, scale 0.3",
        xlabel="different values in the picture",
        ylabel="deviation / levels of 255",
    )
    axes.set_ylim(0, None)
    axes.legend()
    flat = torch.full((1, 3, 34, 34), 0.5)
    for place, (levels, words) in enumerate(((256, "corrected"), (None, "reference"))):
        noisy = PoissonNoise(scale=0.3, seed=1, levels=levels).apply(flat, (34, 34))
        sheet.picture(450 + 214 * place, 34, noisy, 6, words)
    sheet.text(450, 266, "the same noise operation on a plain gray wall")
    sheet.save("correction-poisson-levels")


def plateau_beta() -> None:
    """20,000 kernels drawn: half of the reference's plateaus are one shape."""
    sheet = Sheet(880, 270)
    axes = sheet.axes(80, 34, 420, 170)
    bins = np.linspace(1, 2, 41)
    for name, colour, words, width in (
        ("real_esrgan_exact", ORANGE, "reference", 2.6),
        ("real_esrgan", BLUE, "corrected", 1.6),
    ):
        step = getattr(presets, name)(4).steps[0]
        betas = []
        for seed in range(20_000):
            (drawn,) = step.sample(spawn(seed))
            if isinstance(drawn, Blur) and drawn.shape == "plateau":
                betas.append(drawn.beta)
        counts, _ = np.histogram(betas, bins)
        axes.stairs(100 * counts / counts.sum(), bins, color=colour, label=words, linewidth=width)
    axes.set(title="drawn plateau kernels", xlabel="beta", ylabel="share / %")
    axes.legend()
    profile = sheet.axes(590, 34, 270, 170)
    for beta, colour in ((1.0, ORANGE), (1.5, INK), (2.0, BLUE)):
        kernel = Blur(shape="plateau", size=21, sigma_x=3, sigma_y=3, beta=beta).kernel()
        profile.plot(
            range(-10, 11), kernel[10] / kernel[10, 10], color=colour, label=f"beta {beta:g}"
        )
    profile.set(title="their profiles, sigma 3 px", xlabel="x / px", ylabel="weight / middle")
    profile.legend()
    sheet.save("correction-plateau-beta")


def gray_noise() -> None:
    """Correlation of the noise of four pictures of one batch."""
    flat = torch.full((4, 3, 128, 128), 0.5)
    ours = GaussianNoise(sigma=20, gray=True, seed=3).apply(flat, (128, 128)) - 0.5
    shared = ours[:1].expand(4, -1, -1, -1)
    sheet = Sheet(880, 290)
    for left, noise, title in ((60, ours, "corrected"), (330, shared, "reference, in a batch")):
        matrix = torch.corrcoef(noise[:, 0].flatten(1))
        axes = sheet.axes(left, 34, 190, 190)
        axes.imshow(matrix, cmap="cividis", vmin=0, vmax=1)
        for row in range(4):
            for column in range(4):
                value = float(matrix[row, column])
                colour = INK if value > 0.6 else "white"
                axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour)
        axes.set(title=title, xlabel="picture", xticks=range(4), yticks=range(4))
    sheet.figure.axes[0].set_ylabel("picture")
    for place in range(4):
        column, row = place % 2, place // 2
        sheet.picture(600 + 124 * column, 34 + 104 * row, (ours + 0.5)[place, :, :24, :24], 4)
    sheet.text(600, 246, "four pictures, four fields of noise")
    sheet.save("correction-gray-noise")


def jpeg_rows() -> list[tuple[str, str, str]]:
    """The two defects of the reference's JPEG, each alone, against libjpeg."""
    names = ("astronaut", "chelsea", "coffee", "rocket")
    crops = [photo(name, 40, 100, 208, 224) for name in names]
    letters = red_on_blue(48)
    decibels: dict[str, list[str]] = {"transposed": [], "squares": []}
    same = torch.equal(jpeg.libjpeg(letters, 75), libjpeg(letters, 75))
    for quality in (30, 75, 90):
        truths = [libjpeg(crop, quality) for crop in crops]
        for name, defect in (("transposed", transposed), ("squares", nearest_chroma)):
            scores = [
                psnr(defect(crop, quality), truth)
                for crop, truth in zip(crops, truths, strict=True)
            ]
            decibels[name].append(f"{sum(scores) / len(scores):.1f}")
        same &= all(
            torch.equal(jpeg.libjpeg(crop, quality), truth)
            for crop, truth in zip(crops, truths, strict=True)
        )
    table, squares = (", ".join(decibels[name]) for name in ("transposed", "squares"))
    red = psnr(nearest_chroma(letters, 75), libjpeg(letters, 75))
    corrected = "equal bits" if same else "other bits"
    return [
        (
            "JPEG luminance table transposed",
            f"alone: {table} dB from libjpeg at quality 30, 75, 90",
            corrected,
        ),
        (
            "chroma repeated in squares",
            f"alone: {squares} dB from libjpeg; {red:.1f} dB on red letters",
            corrected,
        ),
    ]


def other_rows() -> list[tuple[str, str, str]]:
    """The four defects outside of JPEG."""
    side, factor = 400, 0.3769
    small = int(side * factor)
    drift = (small - 0.5) * (side / small - 1 / factor)
    image = photo("coffee", 0, 100, side, side)
    ours, reference = (
        Resize(factor=factor, mode="bicubic", standard=standard).apply(image, (side, side))
        for standard in ("size", "reference")
    )
    wall = torch.full((1, 3, 200, 200), 128 / 255)
    few, photons = (
        float((PoissonNoise(scale=0.3, seed=1, levels=levels).apply(wall, (200, 200)) - wall).std())
        for levels in (None, 256)
    )
    shares = []
    for name in ("real_esrgan_exact", "real_esrgan"):
        step = getattr(presets, name)(4).steps[0]
        drawn = [step.sample(spawn(seed))[0] for seed in range(4000)]
        betas = [each.beta for each in drawn if getattr(each, "shape", "") == "plateau"]
        shares.append(100 * betas.count(1.0) / len(betas))
    flat = torch.full((2, 3, 128, 128), 0.5)
    fields = GaussianNoise(sigma=20, gray=True, seed=3).apply(flat, (128, 128))[:, 0].flatten(1)
    own = abs(float(torch.corrcoef(fields)[0, 1]))
    shared = float(torch.corrcoef(fields[[0, 0]])[0, 1])
    return [
        (
            "first resize counts from the nominal factor",
            f"up to {drift:.1f} px off at the far corner, {psnr(ours, reference):.1f} dB",
            "where the sizes say",
        ),
        (
            "Poisson levels = number of values in the picture",
            f"a plain gray wall gets {few / photons:.0f} times the noise",
            "256 photons",
        ),
        (
            "plateau beta drawn as [1, 1] or [1, 2]",
            f"{shares[0]:.0f} % of all plateaus have beta 1 exactly",
            f"uniform: {shares[1]:.0f} %",
        ),
        (
            "gray noise is one field for a batch",
            f"correlation {shared:.2f} between pictures",
            f"{own:.2f}",
        ),
    ]


def table() -> str:
    """The table of the guide, measured now."""
    head = [("defect of the reference", "what it does", "corrected"), ("---",) * 3]
    lines = [f"| {' | '.join(row)} |" for row in (*head, *jpeg_rows(), *other_rows())]
    return "\n".join(lines).replace("| --- | --- | --- |", "|---|---|---|")


FIGURES = (jpeg_table, chroma, resize_positions, poisson_levels, plateau_beta, gray_noise)


def draw() -> None:
    """Draw them all."""
    for figure in FIGURES:
        figure()


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
