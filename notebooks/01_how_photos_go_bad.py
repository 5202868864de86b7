# %% [markdown]
# # 1 · How photos go bad
#
# **Question:** what happened to this photo between the scene and my screen, and in which order?
#
# You need: a little Python, nothing about pictures. 60 minutes, and 30 for the exercises.
#
# A picture here is a box of numbers from 0 to 1: one picture × three colours × rows × columns.
# Each step below is one thing that really happens to photographs. You will do each by hand, look at
# it, and only then put them together. **Guess before you run a cell.** A wrong guess that you made
# is worth more than a right answer that you read.

# %%
import numpy as np
import torch

from course import check, explore, photo, predict, quick
from course.checks.lesson_01 import camera, zone_plate
from realesr import figures
from realesr.degradations import (
    Blur, Defocus, GaussianNoise, Jpeg, MotionBlur, PoissonNoise, Resize, Sinc, jpeg, presets,
)
from realesr.quality.metrics import psnr

# %% [markdown]
# ## 1. The case
#
# Here is a cat, and the same cat after it was photographed, sent, shrunk, and sent again. Several
# things are wrong with the second picture. How many can you name now? Write them down; we come
# back to this picture at the end.

# %%
cat = photo("chelsea", 20, 60, 256, 288)
case = presets.real_esrgan(4).sample(seed=9)
figures.strip(
    {"the scene": cat, "what arrived": case.apply(cat)},
    crop=(40, 60, 160, 192),
    caption="The same piece of the same scene; the right one has a sixteenth of the pixels.",
    alt="A cat's face, sharp on the left; on the right coarse, blurred and grainy.",
)

# %% [markdown]
# ## 2. Blur: one dot, smeared
#
# A lens never puts the light of one point onto one pixel. To see what a blur does to *every* pixel,
# look at what it does to *one*: a black picture with a single white pixel in the middle.

# %%
guess = predict(
    "What does one white pixel look like after a blur?",
    ["a smaller white pixel", "a white circle with a hard edge", "a picture of the blur's weights"],
)
guess

# %%
dot = torch.zeros(1, 3, 25, 25)
dot[..., 12, 12] = 1
lenses = {
    "Gaussian": Blur(sigma_x=2.5, sigma_y=2.5),
    "out of focus": Defocus(radius=4.5),
    "moving hand": MotionBlur(length=13, angle=0.6),
    "sharp cut-off": Sinc(cutoff=1.2),
}
seen = {name: lens.apply(dot, (25, 25))[0, 0] for name, lens in lenses.items()}
figures.strip(
    {name: figures.Signed(values) for name, values in seen.items()},
    caption="One white pixel through four lenses. Gray is zero, orange above, blue below zero.",
    alt="Four small maps: a soft round spot, a flat disk, a slanted line, rings of both signs.",
)

# %%
guess.reveal(
    "C",
    "Each pixel spreads its light by the same weights: the kernel. They sum to 1, so that "
    "no light is lost, and the last one even has weights below zero.",
)

# %% [markdown]
# The kernel is all there is to know about a blur. A picture is many dots, and each is smeared
# alike. Below are the same four lenses on points of light, seen through the Hubble telescope.

# %%
night = photo("hubble_deep_field", 450, 250, 96, 96)
figures.strip(
    {name: lens.apply(night, (96, 96)) for name, lens in lenses.items()},
    caption="Every point of light takes the form of the kernel above it.",
    alt="Galaxies four times: soft, as disks, smeared along a line, with faint halos.",
)

# %% [markdown]
# The other way to look at a blur is to ask **which waves it lets through**. Coarse stripes are slow
# waves, fine stripes are fast ones. The plot shows how much of each survives.

# %%
waves = np.linspace(0, 0.5, 200)
with figures.plot(
    alt="Four curves fall from 1: the Gaussian smoothly, the disk below 0, sinc like a cliff.",
    caption="0.5 is the finest stripe a picture can hold: one pixel black, one white.",
) as axes:
    for name, lens in lenses.items():
        line = lens.apply(dot, (25, 25))[0, 0].sum(0)
        turns = torch.outer(torch.as_tensor(waves), torch.arange(25) - 12)
        kept = torch.cos(2 * torch.pi * turns).float() @ line
        axes.plot(waves, kept, label=name)
    axes.set(xlabel="stripes across / cycles a pixel", ylabel="share that survives")

# %% [markdown]
# Where a curve is near 0, that wave is **gone**: no program can tell how strong it was. Where it is
# below 0, black and white change places.
#
# (The cut-off's curve rises above 1 before it falls: a kernel of few pixels ripples.)
#
# With a slider: how does the picture change with the width?


# %%
def blurred(sigma):
    lens = Blur(sigma_x=sigma, sigma_y=sigma, size=31)
    return figures.strip(
        {"scene": cat, f"sigma {sigma} px": lens.apply(cat, (256, 288))},
        crop=(60, 90, 96, 128),
        caption=f"A Gaussian blur with sigma {sigma} pixels.",
        alt="A cat's face before and after blurring.",
    )


explore(blurred, sigma=(0.5, 5.0, 0.5))

# %% [markdown]
# ## 3. Noise: photons and electronics
#
# Light arrives in single photons, like rain on a roof: never exactly the same number twice. And the
# electronics add a hiss of their own. How much does each brightness
# tremble (what is its standard deviation)? Our ramp has 400 equal rows, so each brightness is
# measured 400 times.

# %%
guess = predict(
    "Photon noise alone: where does the value tremble most, in levels?",
    ["in the highlights", "in the shadows", "everywhere alike"],
)
guess

# %%
ramp = torch.linspace(0.05, 0.8, 64).expand(1, 3, 400, 64).contiguous()
kinds = {
    "electronics (Gaussian)": GaussianNoise(sigma=8, seed=1),
    "photons (Poisson)": PoissonNoise(scale=1, levels=256, seed=2),
}
with figures.plot(
    alt="The Gaussian's line is flat at 8 levels, the Poisson curve rises from 4 to 14.",
    caption="How much a pixel trembles, against how bright it is.",
) as axes:
    for name, kind in kinds.items():
        trembling = kind.apply(ramp, (400, 64))[0, 1].std(0) * 255
        axes.plot(ramp[0, 0, 0] * 255, trembling, label=name)
    axes.set(
        xlabel="brightness / levels of 255", ylabel="standard deviation / levels", ylim=(0, 18)
    )

# %%
guess.reveal(
    "A",
    "The tremble grows with the root of the light. But the light itself grows faster, so "
    "seen as a share of the brightness the shadows are the noisiest.",
)

# %%
guess = predict(
    "Noise of 20 levels, then the picture is shrunk 4 times by averaging 4 × 4 pixels. "
    "How much noise is left?",
    ["20 levels", "5 levels", "1.25 levels"],
)
guess

# %%
flat = torch.full((1, 3, 256, 256), 0.5)
noisy = GaussianNoise(sigma=20, seed=3).apply(flat, (256, 256))
steps = {
    "noise 20": noisy,
    "then shrunk by 4": Resize(factor=0.25, mode="area").apply(noisy, (256, 256)),
    "then blurred, sigma 1.5": Blur(sigma_x=1.5, sigma_y=1.5).apply(noisy, (256, 256)),
}
figures.strip(
    {f"{name}: {each.std() * 255:.1f} levels": each for name, each in steps.items()},
    crop=(0, 0, 128, 128),
    caption="The same noise, averaged away by shrinking, or made soft and blotchy by a blur.",
    alt="Three gray squares: strong fine grain, weak grain in larger pixels, weak soft blotches.",
)

# %%
guess.reveal(
    "B",
    "Sixteen independent errors were averaged; their mean is off by a fourth (the root of "
    "sixteen). That is why small pictures look clean.",
)

# %% [markdown]
# ## 4. Shrinking: waves that turn into other waves
#
# This plate has rings that become finer and finer outwards. We shrink it 4 times by keeping every
# fourth pixel.

# %%
guess = predict(
    "Where the rings are finer than the new pixels, what will you see?",
    ["even gray", "black", "new rings that are not in the scene"],
)
guess

# %%
plate = zone_plate(256)
ways = {
    "scene": plate,
    "every fourth pixel": plate[..., ::4, ::4],
    "blurred first, then every fourth": Resize(factor=0.25, antialias=True).apply(
        plate, (256, 256)
    ),
}
figures.strip(
    ways,
    caption="Middle: aliases, rings that were never there. Right: what cannot be shown is gray.",
    alt="Fine concentric rings; shrunk, with false rings at the sides; shrunk, with gray there.",
)

# %%
guess.reveal(
    "C",
    "A wave too fast for the pixels is seen as a slow one, like a wheel that turns "
    "backwards in a film. Afterwards nobody can tell it from a true one.",
)

# %% [markdown]
# ## 5. Ringing: the halo at an edge
#
# Cut the fine waves off with a knife (the *sinc* of section 2), and an edge swings.

# %%
guess = predict(
    "A higher cut-off keeps more waves. What happens to the height of the overshoot?",
    ["it shrinks towards 0", "it stays, the ripple only becomes narrower", "it grows"],
)
guess

# %%
edge = torch.full((1, 3, 9, 80), 0.2)
edge[..., 40:] = 0.8
with figures.plot(
    alt="An edge with ripples on both sides; the ripples narrow with the cut-off, not lower.",
    caption="The step is 0.6 high; each curve overshoots it by about 9 percent of that.",
) as axes:
    axes.step(range(80), edge[0, 0, 4], color=figures.INK, label="scene", where="mid")
    for cutoff in (0.5, 1.0, 2.0):
        rung = Sinc(cutoff=cutoff, size=51).apply(edge, (9, 80))[0, 0, 4]
        axes.plot(range(80), rung, label=f"cut-off {cutoff} rad/px: top {rung.max():.3f}")
    axes.set(xlabel="column / px", ylabel="brightness", xlim=(15, 65))

# %%
guess.reveal(
    "B",
    "This is Gibbs' overshoot: the height does not depend on the cut-off. Every sharp "
    "filter in a camera or a photo program leaves a little of it.",
)

# %% [markdown]
# ## 6. JPEG: a block as a recipe
#
# JPEG cuts a picture into blocks of 8 × 8 pixels. Each block is written as amounts of 64 patterns,
# from flat to finest. Here is one block, rebuilt from its strongest patterns.

# %%
guess = predict(
    "How many of the 64 patterns do you need until the copy looks like the block?",
    ["about 5 to 10", "about 30", "nearly all 64"],
)
guess

# %%
block = cat[0, 1, 64:72, 80:88] * 255 - 128
patterns = jpeg.patterns(torch.device("cpu"))
amounts = patterns.T @ block.reshape(64)
order = amounts.abs().argsort(descending=True)
grown = {"block": block}
for count in (1, 3, 8, 16, 64):
    some = torch.zeros(64)
    some[order[:count]] = amounts[order[:count]]
    grown[f"{count} of 64"] = (patterns @ some).reshape(8, 8)

# %%
figures.strip(
    {name: figures.Signed(values, 110, "levels") for name, values in grown.items()},
    zoom=16,
    columns=6,
    caption="One block and what its strongest patterns make of it, orange brighter, blue darker.",
    alt="An eight by eight block; with more patterns its copy comes near and with 64 is equal.",
)

# %%
guess.reveal(
    "A",
    "A few strong patterns carry nearly everything. With all 64 the block is exact: up to "
    "here nothing is lost.",
)

# %% [markdown]
# Now the loss, the only one on purpose: each amount is **divided by a number from a table and
# rounded**. Fine patterns have large numbers in the table, so they become 0 first.

# %%
quality = 30
table = jpeg.table(jpeg.LUMINANCE, quality)
kept = (amounts.reshape(8, 8) / table).round()
back = (patterns @ (kept * table).reshape(64)).reshape(8, 8)
figures.strip(
    {
        "amounts": figures.Signed(amounts.reshape(8, 8), 120, "levels"),
        f"table, quality {quality}": figures.Magnitude(table, unit="levels"),
        f"rounded: {int((kept == 0).sum())} of 64 are 0": figures.Signed(kept, 6, "steps"),
        "the block afterwards": figures.Signed(back, 110, "levels"),
    },
    caption="Slow patterns stand at the top left, fast ones at the bottom right.",
    alt="Amounts mostly at the top left, a table growing to the bottom right, few numbers left.",
)

# %%
qualities = [95, 75, 50, 30, 10]
saved = {quality: Jpeg(quality=quality).apply(cat, (256, 288)) for quality in qualities}
figures.strip(
    {f"q {quality}: {psnr(each, cat).value:.1f} dB": each for quality, each in saved.items()},
    crop=(80, 100, 72, 78),
    columns=5,
    caption="PSNR is a number for closeness to the scene; 3 dB less is twice the squared error.",
    alt="The same fur at five JPEG qualities, the last with visible blocks.",
)

# %% [markdown]
# "Quality 75" does not mean that 75 percent is kept. It is a number that the table is made from,
# and nothing else. Drag it:


# %%
def compressed(quality):
    result = Jpeg(quality=quality).apply(cat, (256, 288))
    return figures.strip(
        {"scene": cat, f"quality {quality}": result},
        crop=(80, 100, 72, 96),
        caption=f"{psnr(result, cat).value:.1f} dB. Look for the 8 × 8 blocks.",
        alt="Fur before and after JPEG.",
    )


explore(compressed, quality=(2, 98, 4))

# %% [markdown]
# ## 7. Ten times saved

# %%
guess = predict(
    "The same picture is opened and saved ten times at quality 50. How much worse does it get "
    "after the first time?",
    ["a little each time, ruined at the end", "hardly at all", "it becomes better again"],
)
guess

# %%
saves = quick(6, 10)
same, moved, curves = cat, cat, {"same place": [], "moved by one pixel": []}
for _ in range(saves):
    same = Jpeg(quality=50).apply(same, (256, 288))
    moved = torch.roll(Jpeg(quality=50).apply(moved, (256, 288)), (1, 1), (-2, -1))
    curves["same place"].append(psnr(same, cat).value)
    back = torch.roll(moved, [-len(curves["same place"])] * 2, (-2, -1))
    curves["moved by one pixel"].append(psnr(back, cat, border=16).value)
with figures.plot(
    alt="One curve stays nearly level, the other falls by several decibels.",
    caption="Saved again in the same place, and with the block grid moved by a pixel each time.",
) as axes:
    for name, values in curves.items():
        axes.plot(range(1, saves + 1), values, "o-", label=name)
    axes.set(xlabel="times saved", ylabel="PSNR / dB")

# %%
guess.reveal(
    "B",
    "What is rounded already stays where it is, as long as the blocks lie in the same "
    "place. Crop or turn the picture in between, and each save rounds anew.",
)

# %% [markdown]
# ## 8. Order matters
#
# Two steps: JPEG at quality 30, and shrinking by 2. Two orders.

# %%
guess = predict(
    "Which order leaves the better small picture?",
    ["JPEG first, then shrink", "shrink first, then JPEG", "the same"],
)
guess

# %%
half, saver, size = Resize(factor=0.5, antialias=True), Jpeg(quality=30), (256, 288)
clean = half.apply(cat, size)
one = half.apply(saver.apply(cat, size), size)
other = saver.apply(clean, size)
figures.strip(
    {
        f"JPEG, then shrink: {psnr(one, clean).value:.1f} dB": one,
        f"shrink, then JPEG: {psnr(other, clean).value:.1f} dB": other,
        "only shrunk": clean,
    },
    crop=(30, 40, 72, 96),
    caption="Same steps, same settings, another order. (JPEG first wrote 4 times the pixels.)",
    alt="Three small cat faces: nearly clean, blocky, clean.",
)

# %%
guess.reveal(
    "A",
    "Shrinking averages JPEG's mistakes away. The other way round nothing comes after the "
    "mistakes.",
)

# %% [markdown]
# ## 9. Twice through everything
#
# A forwarded photo went through a camera, an app, a screenshot and another app. Real-ESRGAN (Wang
# et al., 2021) therefore degrades **twice**: blur, resize, noise, JPEG; and again. A *recipe* says
# what may happen. A *trace* is what did happen once. This is the trace of our case:


# %%
def name(operation):
    shown = {"sigma": "sigma", "quality": "quality", "factor": "factor", "scale": "strength"}
    values = [
        f"{word} {getattr(operation, key):.2g}"
        for key, word in shown.items()
        if hasattr(operation, key)
    ]
    return " ".join([type(operation).__name__, *values])


# %%
stations = {"0. scene": cat}
for number, (operation, image) in enumerate(case.stages(cat), 1):
    stations[f"{number}. {name(operation)}"] = image
figures.strip(
    stations,
    crop=(40, 60, 120, 144),
    columns=4,
    caption="Every station of the case, in order. Which kinds did you name?",
    alt="The cat's face after each step: blurred, then grainy, then with far fewer pixels.",
)

# %% [markdown]
# Such a trace is a line of text: it can be kept, sent, and played again on another photo. Draw a
# few with other seeds, hand the last picture to a neighbour, and let them say what happened
# **last**, JPEG or the cut-off `Sinc`. (Hints: the 8 × 8 grid is whole only if nothing resized the
# picture after the JPEG; `Sinc` leaves ripples beside edges. It is hard.) The cell after it tells.

# %%
draws, last = {}, {}
for seed in range(quick(4, 8)):
    trace = presets.real_esrgan(4).sample(seed=seed)
    draws[f"seed {seed}"] = trace.apply(cat)
    last[f"seed {seed}"] = name(trace.operations[-2])
figures.strip(
    draws,
    caption="The same scene, the same recipe, other draws.",
    alt="Small cat pictures, each bad in its own way.",
)

# %%
for seed, operation in last.items():
    print(f"{seed}: last {operation}")

# %% [markdown]
# ## Exercises
#
# Each check tries your answer on pictures that you have not seen, and names the likely mistake.
#
# **1. Shrink without inventing rings.** Write `shrink(image, scale)`, which makes a picture of
# shape
# 1 × 3 × H × W smaller by a whole number. Anything from this lesson may be used. (The second argument
# of `apply` is the size of the untouched scene, height and width: here the picture's own.)


# %% tags=["solution"]
def shrink(image, scale):
    """Return the picture with height and width divided by scale."""
    return Resize(factor=1 / scale, antialias=True).apply(image, tuple(image.shape[-2:]))


# %%
check("01.1", shrink)

# %% [markdown]
# **2. Measure a camera.** `camera(gain, read, seed)` gives 200 photographs of one gray ramp, as an
# array of 200 × rows × columns in levels. Noise follows the law *variance = a · level + b*. Write
# `noise_model(stack)`, which gives `(a, b)` back. Hint: `np.polyfit(x, y, 1)`.

# %%
stack = camera(gain=2.0, read=3.0, seed=99)
print(stack.shape, stack.min().round(), stack.max().round())


# %% tags=["solution"]
def noise_model(stack):
    """Return a and b of: variance = a · level + b."""
    levels = stack.mean(axis=0).ravel()
    variances = stack.var(axis=0).ravel()
    return np.polyfit(levels, variances, 1)


# %%
check("01.2", noise_model)

# %% [markdown]
# **3. See the blocks.** Write `blockiness(image)` for a gray picture (rows × columns, levels): the
# mean step between neighbouring columns **at** block borders, divided by the mean step elsewhere.


# %% tags=["solution"]
def blockiness(image):
    """Return about 1 without blocks, and more with them."""
    steps = np.abs(np.diff(image, axis=1)).mean(axis=0)
    border = np.arange(len(steps)) % 8 == 7
    return float(steps[border].mean() / steps[~border].mean())


# %%
check("01.3", blockiness)

# %% [markdown]
# **4. What may change places?** Give the set of letters of those pairs that give the same picture
# in either order: A: blur with sigma 1, blur with sigma 2. B: noise, blur. C: JPEG, shrink.
# D: make half as bright, blur.

# %% tags=["solution"]
commuting = {"A", "D"}

# %%
check("01.4", commuting)

# %% [markdown]
# ## How the library does it
#
# `realesr.degradations` has one small class for each thing that can happen, and `apply` does it.
# What *may* happen stands in recipes: `realesr degrade photo.png -o small.png --stages stations`
# makes the film strip of section 9 from your own photo, and the lab's Degrade page lets you move
# each station.
#
# A GPU changes nothing in this lesson but the seconds: the same seed gives the same picture there,
# up to rounding.
#
# ## Take away
#
# 1. Damage is a kernel, a sampling, a noise and a rounding, **in an order**.
# 2. Some steps average (and repair a little), some destroy (and nothing brings it back).
# 3. A recipe is what may happen, a trace is what did.
