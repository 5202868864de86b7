# %% [markdown]
# # 2 · From bicubic to SRCNN
#
# **Question:** can 100 learned numbers beat a formula that people have used for forty years?
#
# You need: lesson 1, and what a weighted sum is. 70 minutes, and 30 for the exercises.
#
# To make a picture larger one must say what stands **between** the pixels. First we look at the
# formulas that everybody uses, then we let the computer find better ones, and only at the end do we
# need a neural network. Everything here enlarges by 2, and looks at brightness only, so that it
# learns while you wait.

# %%
import math
import time

import torch
from torch import nn
from torch.nn import functional as F
from course import check, explore, predict, quick
from course.checks.lesson_02 import halved, neighbours
from course.pictures import middles
from course.training import fresh, teach
from realesr import figures
from realesr.models.compact import Compact
from realesr.models.resamplers import Resampler, phase_weights
from realesr.models.srcnn import SRCNN
from realesr.randomness import spawn

# %% [markdown]
# ## 1. One pixel, four ways
#
# The same question as in lesson 1: if you know what a method does to one white pixel, you know it.

# %%
ways = ["nearest", "bilinear", "bicubic", "lanczos"]
dot = torch.zeros(1, 1, 9, 9)
dot[..., 4, 4] = 1
figures.strip(
    {way: figures.Signed(Resampler(way, 8)(dot), 1) for way in ways},
    caption="One white pixel, enlarged 8 times. Blue is below zero: darker than black.",
    alt="A square; a soft pyramid; a soft spot with a blue ring; a spot with two rings.",
)

# %% [markdown]
# Each of them is a fixed list of weights. Here are bicubic's, for the two new pixels that stand
# over one old pixel. They sum to 1, and two of them are negative: that is what makes edges crisp.

# %%
print(phase_weights("bicubic", 2))

# %% [markdown]
# ## 2. The line to cross
#
# We shrink four photographs by 2 and enlarge them again. How close do the four come? We measure
# with
# **PSNR**: 10 · log10(1 / mean squared error). 3 dB more is half the error.

# %%
guess = predict(
    "How much better than the nearest pixel is the best formula, Lanczos?",
    ["about 0.1 dB", "about 2 dB", "about 10 dB"],
)
guess

# %%
truth = middles("astronaut coffee coins motorcycle_left", 192)
low = halved(truth)


def score(enlarge, low=low):
    with torch.no_grad():
        result = enlarge(low)[..., 4:-4, 4:-4]
    errors = (result.clamp(0, 1) - truth[..., 4:-4, 4:-4]).square().mean(dim=(1, 2, 3))
    return float((-10 * errors.log10()).mean())


scores = {way: score(Resampler(way, 2)) for way in ways}
print({way: round(value, 2) for way, value in scores.items()})

# %%
guess.reveal(
    "B",
    "From nothing to the best formula of forty years is about 2 dB. Remember this number: "
    "it is the ruler for the rest of the lesson.",
)

# %%
ring = (70, 60, 80, 100)
results = {way: Resampler(way, 2)(low)[0] for way in ways}
figures.strip(
    {"input": low[0]} | {f"{way}: {scores[way]:.1f} dB": each for way, each in results.items()}
    | {"truth": truth[0]},
    crop=ring, columns=3,
    caption="All formulas agree where nothing happens, and all of them are soft at edges.",
    alt="The ring of a space suit, six times: coarse squares, then softer, then the truth.",
)

# %% [markdown]
# One more ruler, because it surprises everybody: the photograph against **itself**, moved by one
# pixel. Nobody sees a difference.

# %%
guess = predict(
    "What is the PSNR of a photograph against itself, moved by one pixel?",
    ["about 60 dB: it is the same picture", "about 40 dB", "far below every row of the list above"],
)
guess

# %%
errors = (truth[..., 1:] - truth[..., :-1]).square().mean(dim=(1, 2, 3))
print(f"moved by one pixel: {float((-10 * errors.log10()).mean()):.1f} dB")

# %%
guess.reveal(
    "C",
    "PSNR compares places, not pictures. So every enlargement must put its pixels exactly "
    "where they belong: half a pixel off, and all learning goes into moving them back.",
)

# %% [markdown]
# ## 3. By hand first
#
# Take bilinear, and add a little sharpening: each pixel minus some of what its neighbours have. One
# slider. Can you beat bicubic by hand?

# %%
def sharpened(amount, picture=low):
    result = Resampler("bilinear", 2)(picture)
    around = F.avg_pool2d(F.pad(result, [1] * 4, mode="replicate"), 3, stride=1)
    return result + amount * (result - around)


amounts = torch.linspace(0, 3, 16)
with figures.plot(
    alt="A curve over the amount that rises, crosses bicubic's line, and falls again.",
    caption="Too little is soft, too much rings. In between, a single number beats the formula.",
) as axes:
    axes.plot(amounts, [score(lambda x, a=a: sharpened(a, x)) for a in amounts], label="by hand")
    axes.axhline(scores["bicubic"], color=figures.SOFT, linestyle="--", label="bicubic")
    axes.set(xlabel="amount of sharpening", ylabel="PSNR / dB")

# %%
def tried(amount):
    mine = sharpened(amount)
    return figures.strip(
        {"bilinear": results["bilinear"], "yours": mine[0], "truth": truth[0]},
        crop=ring,
        caption=f"{score(lambda x: sharpened(amount, x)):.2f} dB; bicubic {scores['bicubic']:.2f}.",
        alt="The ring of a space suit: soft, sharpened by the slider, and the truth.",
    )


explore(tried, amount=(0.0, 3.0, 0.1))

# %% [markdown]
# ## 4. A hundred numbers
#
# Now let the computer turn the sliders. Each new pixel shall be a weighted sum of the 5 × 5 old
# pixels around it. There are four new pixels over each old one, so 4 × 25 = 100 weights. Which
# weights have the smallest squared error on **other** photographs? That is one line of linear
# algebra.

# %%
guess = predict(
    "How much better than bicubic are the best 100 weights, on photographs they have not seen?",
    ["they are worse: they fit the others", "0.5 to 1.5 dB", "3 dB or more"],
)
guess

# %%
lessons = middles("camera chelsea brick gravel grass rocket moon ihc retina", 192)
given = halved(lessons)
wanted = F.pixel_unshuffle(lessons, 2).flatten(2).transpose(1, 2).reshape(-1, 4).double()


def linear(side):
    weights = torch.linalg.lstsq(neighbours(given, side), wanted).solution.float()
    layer = weights.T.reshape(4, 1, side, side)
    pad = [side // 2] * 4
    return weights, lambda x: F.pixel_shuffle(F.conv2d(F.pad(x, pad, mode="replicate"), layer), 2)


# %%
begun = time.perf_counter()
weights, enlarge = linear(5)
print(f"bicubic {scores['bicubic']:.2f} dB, 100 learned numbers {score(enlarge):.2f} dB, "
      f"found in {time.perf_counter() - begun:.2f} s")

# %%
guess.reveal(
    "B",
    "The formula was made for all signals; these weights were made for photographs that "
    "were shrunk by this shrinking. No network, and no GPU, was needed.",
)

# %%
names = ["top left", "top right", "bottom left", "bottom right"]
bicubic = phase_weights("bicubic", 2)
figures.strip(
    {name: figures.Signed(weights[:, place].reshape(5, 5), 0.7) for place, name in enumerate(names)}
    | {"bicubic's top left": figures.Signed(torch.outer(bicubic[0], bicubic[0]), 0.7)},
    columns=5, zoom=30,
    caption="The learned weights of the four new pixels, and bicubic's: alike, but bolder.",
    alt="Five 5 by 5 maps with an orange corner and a blue rim; the learned ones are stronger.",
)

# %% [markdown]
# More neighbours, more weights. Where does it end?

# %%
sizes = [1, 3, 5, 7, 9]
gains = [score(linear(side)[1]) - scores["bicubic"] for side in sizes]
with figures.plot(
    alt="A curve that rises steeply to 5 by 5 and is then nearly level.",
    caption="From 5 × 5 on, more weights hardly help: a weighted sum can do no more.",
) as axes:
    axes.plot(sizes, gains, "o-")
    axes.axhline(0, color=figures.SOFT, linestyle="--")
    axes.set(xlabel="side of the neighbourhood / px", ylabel="gain over bicubic / dB")
    axes.set_xticks(sizes)

# %% [markdown]
# A weighted sum treats an edge, a sky and a hair alike. What it cannot say is: *if* this is an
# edge, *then* sharpen along it. For an "if" one needs something that bends: a network.
#
# ## 5. SRCNN
#
# SRCNN (Dong et al., 2014) enlarges by bicubic and then has three layers: find patterns (9 × 9),
# combine them (1 × 1), put the picture together (5 × 5). Between them everything below 0 becomes
# 0; that is the "if". 8,129 weights, and they are not solved for but **learned**, step by step.
# Real-ESRGAN's networks do one more thing: they learn only the **difference** to a simple
# enlargement.

# %%
class Difference(nn.Module):
    """A network that says what bicubic lacks."""

    def __init__(self, network):
        super().__init__()
        self.network, self.bicubic = network, Resampler("bicubic", 2)

    def forward(self, image):
        return self.bicubic(image) + self.network(image)


def srcnn():
    return fresh(lambda: SRCNN(scale=2, channels=1))


# %%
guess = predict(
    "Both learn for the same short time. Who is above bicubic at the end?",
    ["both", "only the one that learns the difference", "neither"],
)
guess

# %%
steps = quick(120, 1500)
curves = {
    "SRCNN, the whole picture": teach(srcnn(), given, lessons, steps=steps, judge=score),
    "SRCNN, the difference": teach(Difference(srcnn()), given, lessons, steps=steps, judge=score),
}

# %%
def draw(curves, alt, caption, least=20):
    with figures.plot(alt=alt, caption=caption) as axes:
        for name, curve in curves.items():
            axes.plot(*zip(*curve, strict=True), "o-", markersize=3, label=name)
        axes.axhline(scores["bicubic"], color=figures.SOFT, linestyle="--", label="bicubic")
        axes.set(xlabel="step", ylabel="PSNR / dB", ylim=(least, None))


draw(curves, "One curve starts far below bicubic's line and climbs; the other starts at it.",
     "The same network, the same pictures, the same steps; one + makes the difference.")

# %%
guess.reveal(
    "B",
    "The first network spends its time on learning to copy. The second can copy from the "
    "start. With days on a GPU both pass; on your computer only the + does so in a minute.",
)

# %% [markdown]
# ## 6. Where to enlarge
#
# SRCNN enlarges first, so each of its layers runs over four times as many pixels (at × 4: sixteen
# times). Real-ESRGAN's small network works on the small picture and enlarges at the very end: the
# last layer gives 4 numbers for each pixel, and **pixel shuffle** lays them out as 2 × 2 pixels.

# %%
guess = predict(
    "A network of about as many weights that enlarges at the end, in about the same time?",
    ["many more steps, and better", "as many steps, and as good", "many more steps, and worse"],
)
guess

# %%
many = int(2.4 * steps)
network = fresh(lambda: Compact(scale=2, features=24, convolutions=2, channels=1))
racers = {"SRCNN, the difference": (Difference(srcnn()), steps, 1e-3),
          "enlarges at the end": (network, many, 2e-3)}
for name, (racer, count, rate) in racers.items():
    begun = time.process_time()
    curves[name] = teach(racer, given, lessons, steps=count, rate=rate, judge=score)
    weights = sum(each.numel() for each in racer.parameters())
    print(f"{name}: {weights:,} weights, {count} steps, {curves[name][-1][1]:.2f} dB, "
          f"{time.process_time() - begun:.1f} s of the processor")

# %%
draw({name: curves[name] for name in racers},
     "Two curves above bicubic's line; the one that enlarges at the end is higher.",
     "Held-out PSNR of both while they learn.", least=scores["bicubic"] - 0.5)

# %%
guess.reveal(
    "A",
    "Work on small pictures is cheap, and every weight sees more of the scene. This is the "
    "network behind realesr-general and behind lab-x4, only smaller.",
)

# %% [markdown]
# ## 7. The rude question
#
# Our network saw clean pictures only. What if the input has a little noise, as every photo has?

# %%
guess = predict(
    "Noise of 8 levels on the input. Network against bicubic?",
    ["the network still wins", "they are equal", "the network loses"],
)
guess

# %%
noisy = (low + 8 / 255 * torch.randn(low.shape, generator=spawn(8)))
with torch.no_grad():
    shown = {"input": low[:1], "input with noise": noisy[:1],
             "network": network(noisy[:1]), "bicubic": Resampler("bicubic", 2)(noisy[:1])}
print(f"clean: network {score(network):.2f} dB, bicubic {scores['bicubic']:.2f} dB")
print(f"noisy: network {score(network, noisy):.2f} dB, "
      f"bicubic {score(Resampler('bicubic', 2), noisy):.2f} dB")
figures.strip(
    shown, crop=ring, columns=4,
    caption="What sharpens edges sharpens noise.",
    alt="The ring: clean and coarse, grainy and coarse, grainy and crisp, grainy and soft.",
)

# %%
guess.reveal(
    "C",
    "It learned that the scene is sharp and the input is soft, so it makes everything "
    "bolder, noise too. It must see in training what it shall survive: lesson 5.",
)

# %% [markdown]
# ## Exercises
#
# **1. PSNR.** Write `closeness(result, truth, border)` for pictures in 0 to 1: decibels, without
# `border` pixels on each side, infinity for equal pictures.

# %% tags=["solution"]
def closeness(result, truth, border):
    """Return the PSNR in dB."""
    height, width = truth.shape[-2:]
    inside = (..., slice(border, height - border), slice(border, width - border))
    error = float((result[inside] - truth[inside]).square().mean())
    return -10 * math.log10(error) if error else math.inf


# %%
check("02.1", closeness)

# %% [markdown]
# **2. A hundred numbers.** Write `solve(low, high, side)`: the weights, side · side × 4, that make
# from the neighbours of each pixel of `low` the four pixels of `high` above it. `neighbours(low,
# side)` gives one row for each pixel, in double precision
# (`.double()`), because neighbours are so alike.

# %% tags=["solution"]
def solve(low, high, side):
    """Return the weights, one column for each of the four new pixels."""
    targets = F.pixel_unshuffle(high, 2).flatten(2).transpose(1, 2).reshape(-1, 4).double()
    return torch.linalg.lstsq(neighbours(low, side), targets).solution


# %%
check("02.2", solve)

# %% [markdown]
# **3. Pixel shuffle.** Write `shuffle(features, scale)` with `reshape` and `permute` alone:
# N × (C · scale · scale) × H × W becomes N × C × (scale · H) × (scale · W).

# %% tags=["solution"]
def shuffle(features, scale):
    """Return each group of scale · scale channels as a square of pixels."""
    batch, channels, height, width = features.shape
    parts = features.reshape(batch, channels // scale**2, scale, scale, height, width)
    return parts.permute(0, 1, 4, 2, 5, 3).reshape(batch, -1, height * scale, width * scale)


# %%
check("02.3", shuffle)

# %% [markdown]
# ## How the library does it
#
# `bicubic` stands behind the same door as every model: `realesr upscale photo.jpg -o large.png
# --model bicubic`. `srcnn-x4` is the network of section 5, trained for longer; `lab-x4` is that of
# section 6 with 16 layers of 64. `realesr evaluate --known-table` measures all of them beside what
# papers say.
#
# A GPU makes the training of sections 5 and 6 some 20 to 50 times faster, and larger networks
# possible. It does not change who wins.
#
# ## Take away
#
# 1. First the baseline: no network is good before it is better than 100 numbers.
# 2. Learn the difference, not the picture.
# 3. Compute where the picture is small.
