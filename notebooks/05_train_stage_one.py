# %% [markdown]
# # 5 · Train stage one
#
# **Question:** can *you* train a network that survives a bad photo?
#
# You need: lessons 1 and 2. 50 minutes, and 40 for the exercises.
#
# Real-ESRGAN is trained in two stages. This is the first, **RealESRNet**: a network sees pictures
# that a recipe made bad, and learns with L1 to give the good ones back. Most of the work is not
# the training. It is looking: at the data before, at the same crops during, and at other pictures
# after.

# %%
import logging
from dataclasses import replace

import torch
from IPython.display import clear_output

from course import check, photo, predict, quick
from course.checks.lesson_05 import shrunk
from course.pictures import middles
from course.training import fresh, teach
from realesr import figures
from realesr.degradations import presets
from realesr.images import read_picture
from realesr.models.compact import Compact
from realesr.models.resamplers import Resampler

# %%
from pathlib import Path

from realesr.models.loading import load_model
from realesr.quality.metrics import psnr
from realesr.randomness import spawn
from realesr.train.config import (
    DataConfig, NetworkConfig, OptimiserConfig, SaveConfig, Sharpen, TrainConfig, WatchConfig,
)
from realesr.train.config_files import config_as_toml
from realesr.train.journal import Journal
from realesr.train.run import train
from realesr.train.sources import open_source
from realesr.train.validation import fixed_pairs

# %% [markdown]
# ## 1. Look at the pairs first
#
# Six pairs, made by the recipe `gentle`: the truth, and a small bad version of it. Below each truth
# stands its difference from the enlarged input. **In one pair the truth was cut in the wrong
# place.** Such bugs do not stop a training. They only make everything it learns a little blurry.

# %%
names = "astronaut,coffee,camera,chelsea,coins,rocket"
pairs = fixed_pairs(open_source(f"samples:{names}"), presets.gentle(4), seed=5, count=6, side=128)
truths = [pair.hr for pair in pairs]
truths[3] = truths[3].roll((4, 4), (-2, -1))
shown = {f"truth {number}": truth for number, truth in enumerate(truths, 1)}
for number, (pair, truth) in enumerate(zip(pairs, truths, strict=True), 1):
    difference = (truth - pair.bicubic).mean(dim=1)[0]
    shown[f"difference {number}"] = figures.Signed(difference, 0.3)
figures.strip(
    shown, columns=6, zoom=1,
    caption="Above the truths, below what they have that the enlarged input has not.",
    alt="Six small photographs; below them gray maps with thin edges, one with doubled edges.",
)

# %%
guess = predict(
    "Which pair does not fit?",
    ["pair 1", "pair 4", "pair 6"],
)
guess

# %%
wrong, right = pairs[3].hr.roll((4, 4), (-2, -1)), pairs[3].hr
figures.strip(
    {"enlarged input": pairs[3].bicubic, "the wrong truth": wrong, "the right truth": right}
    | {f"{name} - input": figures.Signed((each - pairs[3].bicubic).mean(1)[0], 0.3)
       for name, each in (("wrong", wrong), ("right", right))},
    columns=5, crop=(16, 16, 76, 76),
    caption="Four pixels off, down and to the right: one pixel of the small picture.",
    alt="Part of pair 4: the input, two truths, and two difference maps, one with doubled edges.",
)

# %%
guess.reveal(
    "B",
    "Its edges are doubled, dark on one side and bright on the other, as in a relief. "
    "Looking at sixteen pairs before every training costs a minute.",
)

# %% [markdown]
# ## 2. Overfit on purpose
#
# Next: does the machinery learn at all? A network must be able to learn **one** patch by heart. If
# it cannot, the bug is in your code. We work on brightness at × 4, with a network of 9 thousand
# weights.

# %%
lessons = middles("camera chelsea brick gravel grass rocket moon ihc retina", 192)
tests = middles("astronaut coffee coins motorcycle_left", 192)
bicubic = Resampler("bicubic", 4)


def network(seed=0):
    return fresh(lambda: Compact(scale=4, features=20, convolutions=2, channels=1), seed)


def score(enlarge, high, low=None):
    with torch.no_grad():
        result = enlarge(shrunk(high) if low is None else low).clamp(0, 1)
    errors = (result - high)[..., 4:-4, 4:-4].square().mean(dim=(1, 2, 3))
    return float((-10 * errors.log10()).mean())


# %%
guess = predict(
    "It learns one patch of a cat by heart. How does it do on other pictures?",
    ["better than bicubic too", "as well as bicubic", "worse than bicubic"],
)
guess

# %%
patch = lessons[1:2, :, 40:136, 40:136]
parrot = network()
teach(parrot, shrunk(patch), patch, steps=quick(400, 2000), batch=1, patch=24, rate=3e-3)
print(f"on its patch: {score(parrot, patch):.2f} dB (bicubic {score(bicubic, patch):.2f})")
print(f"elsewhere:    {score(parrot, tests):.2f} dB (bicubic {score(bicubic, tests):.2f})")

# %%
guess.reveal(
    "C",
    "At home it is brilliant, abroad it is a parrot. The machinery works. And: a score on "
    "pictures that were learned from says nothing. Split by photo.",
)

# %% [markdown]
# ## 3. The learning rate
#
# One number matters more than all others. Four rates, the same start, the same patches:

# %%
guess = predict(
    "What happens when the rate is ten times too large?",
    ["it learns ten times faster", "the loss jumps up, and time is lost", "nothing changes"],
)
guess

# %%
rates, steps = [1e-4, 1e-3, 4e-3, 4e-2], quick(80, 600)
with figures.plot(
    alt="Four loss curves: three low and close, one that jumps far up and comes back late.",
    caption="Mean loss since the last look. Take the largest rate that still falls smoothly.",
) as axes:
    for rate in rates:
        curve = teach(network(), shrunk(lessons), lessons, steps=steps, rate=rate, looks=10)
        axes.plot(*zip(*curve, strict=True), label=f"rate {rate:g}")
    axes.set(xlabel="step", ylabel="L1 loss", ylim=(0.02, 0.2))

# %%
guess.reveal(
    "B",
    "The first steps jump over the valley, and what was good in the weights is lost. With a "
    "still larger rate it never comes back. A test of seconds finds the right power of ten.",
)

# %% [markdown]
# ## 4. The real trainer
#
# Now `realesr.train`, the same that made the bundled models. A run is one value, or one TOML file.
# This is `configs/classroom.toml`, shortened so that it fits a lesson:

# %%
data = DataConfig(
    pictures=("samples:brick,camera,chelsea,grass,gravel,hubble_deep_field,ihc,moon,rocket",),
    held_out=("samples:astronaut,coffee,coins",),
    recipe="gentle", stored=quick(4, 40), crop=quick(128, 256), patch=quick(64, 128),
)
config = TrainConfig(
    name="classroom", output="runs/classroom", steps=quick(200, 1500), batch_size=quick(4, 8),
    network=NetworkConfig(features=quick(16, 32), convolutions=quick(3, 6)), data=data,
    optimiser=OptimiserConfig(learning_rate=quick(3e-3, 1e-3), warmup=20),
    sharpen=Sharpen(input=False, pixel=False, perceptual=False),
    save=SaveConfig(every=quick(20, 250)),
    watch=WatchConfig(log_every=10, preview_every=quick(40, 250), validate_every=quick(20, 125),
                      pictures=3, tensorboard=False),
)

# %%
guess = predict(
    "It starts from random weights. When does it pass bicubic on held-out pictures?",
    ["within the first few hundred", "after ten thousand", "never on a CPU"],
)
guess

# %% [markdown]
# The cell below trains in four pieces and draws after each. Watch the curve grow. While it runs:
# which of the three held-out pictures will gain most?

# %%
def looks_of(run):
    return [line for line in Journal.read(run.output) if line["kind"] == "validation"]


def curves(run):
    looks = looks_of(run)
    with figures.plot(
        alt="Held-out PSNR over the steps, climbing towards and past bicubic's dashed line.",
        caption="PSNR on three photographs that it never learned from.",
    ) as axes:
        axes.plot([look["step"] for look in looks], [look["psnr"] for look in looks], "o-",
                  label="this run")
        axes.axhline(looks[0]["psnr_bicubic"], ls="--", color=figures.SOFT, label="bicubic")
        axes.set(xlabel="step", ylabel="PSNR / dB")


# %%
# LPIPS, a second score, needs a download once; here we do without, and without being told so.
logging.getLogger("realesr").setLevel(logging.ERROR)
for piece in (1, 2, 3, 4):
    train(replace(config, steps=config.steps * piece // 4), resume=True)
    clear_output(wait=True)
    curves(config)

# %%
looks = looks_of(config)
passed = [look["step"] for look in looks if look["psnr"] > look["psnr_bicubic"]]
print(f"first look above bicubic: step {passed[0]}" if passed else "not yet above bicubic")
print(f"at the end {looks[-1]['psnr'] - looks[-1]['psnr_bicubic']:+.2f} dB against bicubic")

# %%
guess.reveal(
    "A",
    "With a learning task that fits its size, a small network passes bicubic within minutes "
    "on two cores (with QUICK=1 it may just fail to). The big ones need GPUs and days.",
)

# %% [markdown]
# A curve is not enough. The trainer also restores **the same crops** at every look, so that one
# can see what it learns first:

# %%
previews = Path(config.output) / "previews"
moments = sorted(previews.glob("step-*"))
chosen = [moments[0], moments[len(moments) // 2], moments[-1]]
folders = {"input": previews / "input", "bicubic": previews / "bicubic"}
folders |= {f"step {int(each.name[5:])}": each for each in chosen}
folders["truth"] = previews / "truth"
picture = next((previews / "truth").glob("*.png")).name
figures.strip(
    {name: read_picture(folder / picture).pixels for name, folder in folders.items()},
    columns=3, caption="The same crop at three moments, beside bicubic and the truth.",
    alt="A held-out photograph: coarse input, soft bicubic, results getting crisper, the truth.",
)

# %% [markdown]
# ## 5. Kill it, and go on
#
# You have already done it: the four pieces above were four runs, each **resumed** from the last
# saved step. Is that the same as one long run? We compare the weights with a run that was never
# interrupted.

# %%
guess = predict(
    "After some steps in two pieces, and the same number in one: how different are the weights?",
    ["about 1 percent", "in the last digits", "not at all: every bit is equal"],
)
guess

# %%
short = replace(config, steps=quick(12, 40), save=SaveConfig(every=quick(6, 20)),
                watch=WatchConfig(preview_every=0, validate_every=0, tensorboard=False))
whole = train(replace(short, output="runs/whole"))
train(replace(short, output="runs/pieces", steps=short.steps // 2))
pieces = train(replace(short, output="runs/pieces"), resume=True)
one, other = ((each.folder / "generator.safetensors").read_bytes() for each in (whole, pieces))
print(f"{len(one):,} bytes of weights; equal: {one == other}")

# %%
guess.reveal(
    "C",
    "Each draw is a function of seed, epoch and index alone, and the optimiser's memory is "
    "saved too. So a run can be stopped at any moment, and can be repeated by others.",
)

# %% [markdown]
# ## 6. The domain gap
#
# Two networks of the same size. One learned from clean pictures, one from pictures with noise of 8
# levels. Each is tested on both kinds.

# %%
def noisy(low, seed):
    return (low + 8 / 255 * torch.randn(low.shape, generator=spawn(seed))).clamp(0, 1)


given, steps = shrunk(lessons), quick(600, 3000)
kinds = {"clean": shrunk(tests), "noisy": noisy(shrunk(tests), 1)}
students = {}
for name in ("clean", "noisy"):
    low = given if name == "clean" else torch.cat([noisy(given, seed) for seed in range(4)])
    high = lessons if name == "clean" else lessons.repeat(4, 1, 1, 1)
    students[name] = network()
    teach(students[name], low, high, steps=steps, rate=3e-3)

# %%
guess = predict(
    "The specialist for clean pictures meets noise. What is it against bicubic?",
    ["still better", "equal", "worse"],
)
guess

# %%
rows = {"bicubic": bicubic} | {f"learned {name}": each for name, each in students.items()}
print(f"{'':16}{'clean input':>14}{'noisy input':>14}")
for name, each in rows.items():
    print(f"{name:16}" + "".join(f"{score(each, tests, low):11.2f} dB" for low in kinds.values()))

# %%
with torch.no_grad():
    results = {name: each(kinds["noisy"][:1]).clamp(0, 1) for name, each in rows.items()}
figures.strip(
    {"input, noisy": kinds["noisy"][:1]} | results | {"truth": tests[:1]},
    crop=(60, 60, 96, 96), columns=3,
    caption="A noisy input. Who never met noise sharpens it.",
    alt="The ring of a space suit: noisy and coarse, three results, one of them grainy, the truth.",
)

# %%
guess.reveal(
    "C",
    "A specialist wins at home and loses abroad. What a network has not met in training it "
    "treats as detail. That is why Real-ESRGAN's recipe is so wide: data is the model.",
)

# %% [markdown]
# And the price of width: who learned from noisy pictures is softer on clean ones. Here is a model
# that learned the wide recipe for hours, `lab-x4-fidelity`, on a photo that went twice through
# everything:

# %%
scene = photo("coffee", 60, 150, 208, 208)
arrived = presets.real_esrgan(4).sample(seed=3).apply(scene)
with torch.inference_mode():
    restored = load_model("lab-x4-fidelity").network(arrived).clamp(0, 1)
large = bicubic(arrived).clamp(0, 1)
figures.strip(
    {"input": arrived, f"bicubic: {psnr(large, scene, border=4).value:.1f} dB": large,
     f"lab-x4-fidelity: {psnr(restored, scene, border=4).value:.1f} dB": restored, "truth": scene},
    crop=(20, 20, 100, 100),
    caption="The first stage is faithful and soft. Daring comes in lesson 6.",
    alt="A cup of coffee: bad and coarse, blurred, cleaner but soft, and the truth.",
)

# %% [markdown]
# ## 7. Read a configuration
#
# Every run writes down everything it was told. A model without such a page cannot be repeated.

# %%
print("\n".join(config_as_toml(config).splitlines()[:24]))

# %% [markdown]
# ## Exercises
#
# **1. Repair a pair.** Write `repair(low, high)`: the move `(rows, columns)`, at most 6 pixels
# each, so that `high.roll(move, (-2, -1))` fits `low`, which is four times smaller. Hint:
# `bicubic(low)`; leave 8 pixels of border out.

# %% tags=["solution"]
def repair(low, high):
    """Return the move that brings the truth back to where it belongs."""
    large = Resampler("bicubic", 4)(low)[..., 8:-8, 8:-8]
    moves = [(rows, columns) for rows in range(-6, 7) for columns in range(-6, 7)]

    def error(move):
        return float((high.roll(move, (-2, -1))[..., 8:-8, 8:-8] - large).square().mean())

    return min(moves, key=error)


# %%
check("05.1", repair)

# %% [markdown]
# **2. Calm weights.** What is published is not the last step's weights but their moving average.
# Write `average(old, weight, step, decay)`: the old average counts min(decay, (1 + step) / (10 +
# step)), the new weight the rest. (With 0.999 and without this slow start, 90 percent of the
# random first weights would still be there after 100 steps.)

# %% tags=["solution"]
def average(old, weight, step, decay):
    """Return the new average."""
    kept = min(decay, (1 + step) / (10 + step))
    return kept * old + (1 - kept) * weight


# %%
check("05.2", average)

# %% [markdown]
# **3. No leaks.** `names` are pieces such as `"p3_7"`: piece 7 of photo 3. Write `split(names,
# share)`: two lists, to learn from and to judge by; about `share` of the pieces in the second; no
# photo in both.

# %% tags=["solution"]
def split(names, share):
    """Return pieces to learn from, and pieces to judge by."""
    photos = sorted({name.split("_")[0] for name in names})
    kept = set(photos[: round(share * len(photos))])
    judge = [name for name in names if name.split("_")[0] in kept]
    return [name for name in names if name not in judge], judge


# %%
check("05.3", split)

# %% [markdown]
# ## How the library does it
#
# `realesr doctor configs/classroom.toml` looks at your pictures before an hour is spent; `realesr
# train configs/classroom.toml` trains (about a minute on two quiet cores); `--resume` goes on. The
# journal, the previews and the curves lie in one folder. The bundled models' journals are in
# `docs/journals`.
#
# **Where a GPU changes the answer:** here, more than anywhere. The published networks are 27 times
# as large and saw millions of patches; on two cores that would take years.
# `configs/realesrnet_x4.toml` is their recipe.
#
# ## Take away
#
# 1. Look at the pairs, then overfit one, then train.
# 2. Judge by photographs that nothing was learned from; keep the seed.
# 3. Data is the model: it survives what it has met.
