# %% [markdown]
# # 7 · Tiled inference
#
# **Question:** how do you enlarge a picture that is larger than your memory, so that nobody sees
# where it was cut?
#
# You need: lesson 3 (receptive field). 45 minutes, and 30 for the exercises.
#
# A network is a program that needs memory for every pixel. A large photograph does not fit, so we
# cut it into tiles, enlarge each tile, and put them together again. It sounds easy. The first try
# leaves lines, faint or strong. In this lesson you make the lines visible, measure them, and make
# them go away: not nearly, but **exactly**.

# %%
import numpy as np
import torch

from course import check, explore, photo, predict, quick
from realesr import Upscaler, figures
from realesr.degradations import presets
from realesr.images import from_tensor
from realesr.inference.tiling import plan_tiles
from realesr.models.loading import load_model
from realesr.quality.bench import measure

MODEL = "lab-x4"

# %% [markdown]
# ## 1. The crash, predicted
#
# We let the library enlarge small squares and measure the most memory it takes. Every size runs in
# a process of its own, so that one does not disturb the other. Then we draw a line through the
# points, and follow it to a photograph of 12 megapixels.

# %%
guess = predict(
    "A photo of 12 megapixels is 36 MB of numbers. How much memory does the small network need "
    "to enlarge it in one piece?",
    ["about 40 MB, as much as the photo", "about 1 GB", "many gigabytes"],
)
guess

# %%
sides = quick([96, 192, 288], [128, 256, 384, 512])
cases = list(measure([MODEL], sides, repeats=1, plain=False))
pixels = np.array([case.side**2 for case in cases])
megabytes = np.array([case.memory / 1e6 for case in cases])
slope, start = np.polyfit(pixels, megabytes, 1)
with figures.plot(
    alt="Points rise near a straight line: memory grows with the number of pixels.",
    caption="Peak memory of one run, each size in a process of its own.",
) as axes:
    axes.plot(pixels / 1e6, slope * pixels + start, color=figures.SOFT, label="a straight line")
    axes.plot(pixels / 1e6, megabytes, "o", label="measured")
    axes.set(xlabel="pixels of the input / million", ylabel="memory / MB")
print(f"{slope * 1e6:.0f} bytes a pixel, so {slope * 12e6 / 1e3:.1f} GB for 12 megapixels.")

# %%
guess.reveal("C", "Every layer makes 64 numbers of four bytes for each pixel: 256 bytes. Several "
             "such stores live at once, what a layer reads, writes and needs to work, so the "
             "measured number is larger. A computer that has less memory stops; a tile is all "
             "that helps.")

# %% [markdown]
# ## 2. The first try
#
# Here is a small picture, and the network's answer for it in one piece. That is our **truth** in
# this lesson: tiles shall give the same. Now we cut it into tiles of 32 pixels, enlarge each alone,
# and lay them side by side.

# %%
scene, cup = photo("coffee", 0, 0, 384, 576), (60, 190, 200, 200)
low = from_tensor(presets.preset("gentle", 4).sample(seed=1).apply(scene), np.uint8)
whole = Upscaler(MODEL, tile=512, precision="fp32", device="cpu")(low)


def tiled(overlap, tile=32):
    return Upscaler(MODEL, tile=tile, overlap=overlap, precision="fp32", device="cpu")(low)


def error(result):
    return np.abs(result.astype(float) - whole).max(axis=2)


print("input", low.shape, "result", whole.shape)

# %%
guess = predict(
    "How far from the truth is the worst pixel, of 255 levels?",
    ["not at all: every pixel is computed by the same network", "1 level, a rounding error",
     "tens of levels, at the borders of tiles"],
)
guess

# %%
naive = tiled(overlap=0)
figures.strip(
    {"input": low, "tiles of 32": naive, "in one piece": whole,
     "difference": figures.Magnitude(error(naive), 40, "levels")},
    crop=cup,
    caption="The lines in the second picture are faint: enlarge it. The fourth shows where.",
    alt="A cup: the small input, tiled with faint lines, whole, and the bright lines alone.",
)

# %%
worst = error(naive).max()
print(f"worst pixel: {worst:.0f} levels; changed: {(error(naive) > 0).mean():.0%} of all pixels")
guess.reveal("C", "At a tile's border the network sees padding, black nothing, where the picture "
             "goes on. It draws what belongs beside black. Each border disturbs a strip on "
             "both its sides: how wide, comes next.")

# %% [markdown]
# ## 3. The halo
#
# The cure: let the network **read** more than it **writes**. Around each tile it reads a *halo* of
# neighbours, and we throw away what it makes of them. How wide must the halo be? (The `Upscaler`
# calls its halo `overlap`.)
#
# Remember lesson 3: how far does a column of 3 × 3 convolutions look?

# %%
layers = [each for each in load_model(MODEL).network.modules() if isinstance(each, torch.nn.Conv2d)]
print(len(layers), "convolutions, each", layers[0].kernel_size)
guess = predict(
    "Which is the smallest halo with no error at all, not even one level, anywhere?",
    ["2 px", "8 px", "one pixel for each convolution", "there is none"],
)
guess

# %%
halos = (0, 2, 4, 8, 12, len(layers) - 1, len(layers))
errors = {halo: error(tiled(halo)) for halo in halos}
shown = {f"halo {halo} px: worst {errors[halo].max():.0f}":
         figures.Magnitude(errors[halo], 40, "levels") for halo in (0, 4, 8, len(layers))}
figures.strip(
    shown, crop=cup,
    caption="Where tiles differ from the picture in one piece. In the last map no pixel does.",
    alt="Four dark maps with a grid of lines that grow thinner, fainter, and vanish.",
)

# %%
area = low.shape[0] * low.shape[1]
cost = [sum(tile.source.height * tile.source.width
            for tile in plan_tiles(*low.shape[:2], tile=32, halo=halo)) / area for halo in halos]
with figures.plot(
    2, alt="Left: the error falls to zero at the last halo. Right: the work rises to three times.",
    caption="What a halo buys (left) and what it costs (right), with tiles of 32 px.",
    size=(8.4, 3.4),
) as (left, right):
    left.semilogy(halos, np.maximum([each.max() for each in errors.values()], 0.1), "o-",
                  label="worst pixel")
    left.axhline(1, color=figures.SOFT, linestyle=":", label="one level")
    left.set(xlabel="halo / px of the input", ylabel="error / levels (0.1 stands for none)")
    right.plot(halos, cost, "o-", color=figures.ORANGE)
    right.set(xlabel="halo / px of the input", ylabel="work / times the picture", ylim=(0, None))

# %%
exact = min(halo for halo in halos if errors[halo].max() == 0)
print(f"first halo without any error: {exact} px; the library's own: {Upscaler(MODEL).halo} px")
guess.reveal("C", "Each convolution looks one pixel further, so such a halo holds all that counts. "
             "Most of the weight lies much nearer: a few pixels less are nearly right. But only "
             "the whole radius is exact.")

# %% [markdown]
# ### Exercise 7.1 · How wide?
#
# Write `needed_halo(kernels)`: for a column of convolutions with these sizes, all with stride 1,
# how many pixels of halo are needed? A 3 × 3 looks one pixel to each side, a 9 × 9 four, a 1 × 1
# none.

# %% tags=["solution"]
def needed_halo(kernels):
    return sum(kernel // 2 for kernel in kernels)

# %%
check("07.1", needed_halo)

# %% [markdown]
# ## 4. Blending hides, a halo cures
#
# Many programs use a small overlap and let one tile **fade** into the next. Then no line is seen.
# Is it right? We take a halo of 4 pixels, without and with fading, and look at two numbers: the
# **step** from column to column, highest at a seam, and the **error** as a whole.
#
# (The library evens its tiles out: 144 columns become five tiles of 29 px, not four of 32 and one of
# 16. So the seams lie 116 px of the result apart.)

# %%
guess = predict(
    "What does fading over 4 pixels do, with the same halo?",
    ["the highest step and the error shrink", "the highest step shrinks, the error does not",
     "both vanish"],
)
guess

# %%
def faded(halo, blend):
    made = Upscaler(MODEL, tile=32, overlap=halo, precision="fp32", device="cpu")
    made.blend = blend  # the library chooses it by itself: 0 wherever the halo is exact
    return made(low).astype(float) - whole


ways = {"halo 4, hard": faded(4, 0), "halo 4, fading": faded(4, 4), "exact halo": faded(exact, 0)}
with figures.plot(
    alt="Peaks at seams: sharp for hard seams, lower and broad with fading, none when exact.",
    caption="The step from each column of the error to the next.",
) as axes:
    for name, wrong in ways.items():
        axes.plot(np.abs(np.diff(wrong, axis=1)).mean((0, 2)), label=name, linewidth=1.2)
    axes.set(xlabel="column / px of the result", ylabel="step / levels")

# %%
for name, wrong in ways.items():
    print(f"{name}: mean error {np.abs(wrong).mean():.3f} levels")
guess.reveal("B", "Fading mixes two wrong answers, and it does so where each is at its worst. The "
             "highest peaks fall, but beside the seam the steps grow, and so does the error: one "
             "sharp line became a faint broad band. With an exact halo there is "
             "nothing to fade.")

# %% [markdown]
# ### Exercise 7.2 · Cut a line
#
# Write `cut(length, tile, halo)` for one side of a picture. It gives a list of
# `(read_from, read_to, keep_from, keep_to)`: every pixel is kept **exactly once**, no tile keeps
# more than `tile`, and no tile reads outside the picture.

# %% tags=["solution"]
def cut(length, tile, halo):
    parts = []
    for start in range(0, length, tile):
        stop = min(start + tile, length)
        parts.append((max(start - halo, 0), min(stop + halo, length), start, stop))
    return parts

# %%
check("07.2", cut)

# %% [markdown]
# ## 5. Large tiles are cheap tiles
#
# A tile of side t with a halo h reads (t + 2h)² pixels and writes t². Everything else is work that
# is thrown away. (Section 3 found less, because tiles at the picture's border have no neighbours to
# read there.) But large tiles need more memory: that was why we cut at all.

# %%
tiles = (16, 32, 64, 128, 256, 512)
with figures.plot(
    alt="Two falling curves; the network that looks 349 pixels far costs far more at every tile.",
    caption="Work for each useful pixel. The dotted line is a picture in one piece.",
) as axes:
    for name, reach in {MODEL: exact, "RRDBNet of lesson 3": 349}.items():
        work = [(tile + 2 * reach) ** 2 / tile**2 for tile in tiles]
        sides = [str(tile) for tile in tiles]
        axes.semilogy(sides, work, "o-", label=f"{name}, sees {reach} px far")
    axes.axhline(1, color=figures.SOFT, linestyle=":")
    axes.set(xlabel="tile / px", ylabel="work / times the picture")
print(Upscaler(MODEL, device="cpu").describe())

# %% [markdown]
# For the large RRDBNet an exact halo would cost more than the picture itself. There the library
# takes 32 pixels and fades over 16, and says so: `describe()` never claims to be exact when it is
# not.

# %%
def seams(tile, overlap):
    wrong = error(tiled(overlap, tile))
    return figures.strip(
        {"tiled": tiled(overlap, tile), "difference": figures.Magnitude(wrong, 40, "levels")},
        crop=cup,
        caption=f"Tiles of {tile} px, halo {overlap} px: worst pixel {wrong.max():.0f} levels off.",
        alt="The coffee cup from tiles, and a map of where it differs from the whole.",
    )


explore(seams, tile=[32, 48, 64, 96], overlap=[0, 2, 4, 8, 12, 18])

# %% [markdown]
# ### Exercise 7.3 · Plan
#
# You may use `memory` megabytes. A run over n pixels takes `each * n / 1e6 + fixed` megabytes.
# Write `plan(memory, each, fixed, halo)`: the largest tile side (a whole number) whose **read**
# square still fits, or 0 if none does.

# %% tags=["solution"]
def plan(memory, each, fixed, halo):
    room = (memory - fixed) * 1e6 / each
    side = int(room**0.5) if room > 0 else 0
    return max(side - 2 * halo, 0)

# %%
check("07.3", plan)

# %% [markdown]
# ## 6. Half precision
#
# A number of 32 bits has about 7 digits; of 16 bits (bf16) about 2 or 3. Networks run faster and in
# half the memory with it, where the processor knows how. Does one see it?

# %%
guess = predict(
    "bf16 inside the network against fp32: how far is the worst pixel of the result?",
    ["0 levels", "a few levels", "50 levels or more"],
)
guess

# %%
coarse = Upscaler(MODEL, tile=512, precision="bf16", device="cpu")(low)
signed = (coarse.astype(float) - whole).mean(axis=2)
figures.strip(
    {"fp32": whole, "bf16": coarse, "difference, amplified": figures.Signed(signed, 3, "levels")},
    crop=cup,
    caption="Left and middle look the same. Only amplified does the rounding show.",
    alt="The coffee cup twice, alike, and a faint map of differences in both directions.",
)

# %%
print(f"worst pixel {error(coarse).max():.0f} levels, on average {error(coarse).mean():.2f}")
guess.reveal("B", "The library keeps the last layer and the sum in 32 bits, so that smooth skies "
             "stay smooth. Everything before may be rounded: the network was trained with noise.")

# %% [markdown]
# ## 7. On a GPU
#
# A GPU has its own memory, often 8 to 24 GB, and no way to borrow more: tiles matter even more
# there. fp16 is the default on CUDA, and a tile that overflows is done again in fp32. The answer
# may differ from the CPU's by a level, because sums are made in another order. The next cell
# compares the two where there is a GPU, and only says so where there is none.

# %%
if torch.cuda.is_available():
    for kind in ("fp32", "fp16"):
        there = Upscaler(MODEL, precision=kind, device="cuda")(low)
        print(kind, "on CUDA, worst pixel against the CPU:", error(there).max(), "levels")
else:
    print("No GPU here. With one, the same call runs on it: device='auto' chooses it by itself.")

# %% [markdown]
# ## Take away
#
# - **Read more than you write.** With a halo as wide as the receptive field, tiled equals whole, to
#   the last bit. That is a number you can know before you run anything.
# - **Blending hides an error, it does not remove it.**
# - **Large tiles waste little, small tiles need little.** Choose by the memory you have.
#
# How the library does it: `realesr.inference.tiling` is the arithmetic of exercise 7.2 in two
# dimensions, without any pixels; `Upscaler` runs it, halves the tile when memory runs out, and
# `realesr upscale photo.jpg -o large.png` does it for whole folders.
#
# Go further: open the picture in one piece and in tiles in the lab's viewer, and let it *blink*.
