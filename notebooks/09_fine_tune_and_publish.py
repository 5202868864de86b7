# %% [markdown]
# # 9 · Fine-tune and publish
#
# **Question:** can a general model become good at *my* pictures without becoming bad at all others?
#
# You need: lessons 5 and 8. 45 minutes, and 40 for the exercises.
#
# A model that has seen everything is a little good at everything. You have one kind of pictures:
# maps, stamps, sprites of old games. In this lesson you teach a model your kind, see what it
# forgets, get part of that back for free, say honestly what you reached, and publish it with a
# card.

# %%
import logging
from pathlib import Path

import numpy as np
import torch

from course import check, explore, photo, predict, quick
from course.sprites import sprites
from course.terminal import own_hub, terminal
from realesr import Picture, figures, load_model, read_picture, write_picture
from realesr.degradations import presets
from realesr.images import from_tensor, to_tensor
from realesr.models.blending import blend_models
from realesr.quality.metrics import psnr

# %% [markdown]
# ## 1. My pictures, and all others
#
# Our kind: figures of a game, in few colours, with **hard corners**. The base is the careful model
# that comes with the project. We test on four sheets and on four photographs; none of them is in
# the training pictures. The recipe `gentle` makes all of them small and a little bad.

# %%
logging.getLogger("realesr").setLevel("ERROR")  # no remarks about optional downloads
recipe = presets.preset("gentle", 4)
spots = {"astronaut": (0, 130), "coffee": (60, 180), "chelsea": (20, 100), "rocket": (100, 150)}
truths = {
    "mine": [to_tensor(sprites(seed)) for seed in range(100, 100 + quick(4, 12))],
    "others": [photo(name, *spot, 224, 224) for name, spot in spots.items()],
}
smalls = {kind: [recipe.sample(seed=seed).apply(truth) for seed, truth in enumerate(each)]
          for kind, each in truths.items()}

# %%
def scores(model, kind):
    with torch.no_grad():
        results = [model.network(small).clamp(0, 1) for small in smalls[kind]]
    return np.array([psnr(result, truth, border=4).value
                     for result, truth in zip(results, truths[kind], strict=True)])

# %%
base, bicubic = load_model("lab-x4-fidelity", device="cpu"), load_model("bicubic", device="cpu")
with torch.no_grad():
    first = {"input": smalls["mine"][0], "base": base.network(smalls["mine"][0])}
figures.strip(
    first | {"truth": truths["mine"][0]}, crop=(0, 0, 112, 112),
    caption="The base model treats a hard corner like a blurred photograph of one.",
    alt="Little symmetrical figures of coloured squares: blurred, a little sharper, sharp.",
)

# %%
for kind in truths:
    print(f"{kind}: bicubic {scores(bicubic, kind).mean():.2f} dB, "
          f"base {scores(base, kind).mean():.2f} dB")

# %%
guess = predict(
    "We go on training with sprites only. What happens to the photographs?",
    ["they get better too: more training is more training", "nothing", "they get worse"],
)
guess

# %% [markdown]
# ## 2. Fine-tuning
#
# It is lesson 5 again, with two differences: the start is a trained model, and the learning rate is
# not too high, or nothing would be left of what it knew.

# %%
for folder, seeds in {"game": range(24), "game-held": range(24, 27)}.items():
    Path(folder).mkdir(exist_ok=True)
    for seed in seeds:
        write_picture(Picture(sprites(seed)), f"{folder}/{seed:02}.png", force=True)

# %%
from realesr.train.config_files import config_from
from realesr.train.run import train

steps = quick(60, 900)
ended = train(config_from({
    "name": "game-x4", "output": "game-x4", "steps": steps, "batch_size": 4, "ema": 0.9,
    "start": {"generator": "lab-x4-fidelity"},
    "data": {"pictures": ["game"], "held_out": ["game-held"], "recipe": "gentle",
             "crop": 128, "patch": 64},
    "optimiser": {"learning_rate": 5e-4, "schedule": "cosine", "warmup": 5},
    "sharpen": {"input": False, "pixel": False, "perceptual": False}, "save": {"every": steps},
    "watch": {"log_every": 10, "preview_every": steps // 2, "validate_every": steps // 2,
              "pictures": 3, "tensorboard": False},
}))
tuned = load_model("game-x4/best", device="cpu")

# %%
with figures.plot(
    alt="Three points: base, tuned, bicubic. Tuned is far to the right, and lower.",
    caption="To the right: better on mine. Upwards: better on all others.",
) as axes:
    for name, model in {"bicubic": bicubic, "base": base, "tuned": tuned}.items():
        place = scores(model, "mine").mean(), scores(model, "others").mean()
        axes.plot(*place, "o", markersize=9, label=f"{name}: {place[0]:.1f}, {place[1]:.1f} dB")
    axes.set(xlabel="PSNR on my sprites / dB", ylabel="PSNR on photographs / dB")

# %%
lost = scores(base, "others").mean() - scores(tuned, "others").mean()
guess.reveal("C" if lost > 0.05 else "B", f"The photographs lost {lost:.2f} dB. Nobody asked the "
             "model to keep them, so the same weights now serve the sprites. It is called "
             "catastrophic forgetting.")

# %%
with torch.no_grad():
    cat = {name: model.network(smalls["others"][2]) for name, model in
           {"base": base, "tuned": tuned}.items()}
figures.strip(
    {"input": smalls["others"][2]} | cat | {"truth": truths["others"][2]}, crop=(40, 60, 100, 100),
    caption="What training saw becomes what the model sees: look at the fur and the eye's rim.",
    alt="A cat's eye four times; the tuned model draws harder edges and no fur.",
)

# %% [markdown]
# ## 3. Buying it back: mix the weights
#
# Both models have the same layers, so we can take the mean of each weight. That is no mean of two
# *pictures*: it is a new network, as quick as one.

# %%
guess = predict(
    "Half base, half tuned: how much of the gain on sprites is left?",
    ["nothing: half a network is no network", "about half", "well more than half"],
)
guess

# %%
shares = (0, 0.25, 0.5, 0.75, 1)
path = [[scores(blend_models(tuned, base, share), kind).mean() for kind in ("mine", "others")]
        for share in shares]
with figures.plot(
    alt="A curved path from the base to the tuned model that bulges to the upper right.",
    caption="Each point is a mix. The dotted line is what giving and taking evenly would be.",
) as axes:
    axes.plot(*np.transpose(path), "o-")
    axes.plot(*np.transpose([path[0], path[-1]]), ":", color=figures.SOFT)
    for share, place in zip(shares, path, strict=True):
        axes.annotate(f"{share:.0%} tuned", place, (6, 5), textcoords="offset points")
    axes.set(xlabel="PSNR on my sprites / dB", ylabel="PSNR on photographs / dB")
    axes.margins(0.15)

# %%
kept = (path[2][0] - path[0][0]) / (path[-1][0] - path[0][0])
guess.reveal("A" if kept < 0.3 else "B" if kept < 0.6 else "C",
             f"{kept:.0%} of the gain is left, and {path[2][1] - path[-1][1]:+.2f} dB on the "
             "photographs came back. It works because fine-tuning moved the weights only a little, "
             "in one direction.")

# %%
def mixed(share):
    with torch.no_grad():
        network = blend_models(tuned, base, share).network
        results = {kind: network(smalls[kind][0])[..., 40:140, 40:140] for kind in smalls}
    return figures.strip(
        results, caption=f"{share:.0%} tuned.", alt="Sprites and a photograph from the same mix.",
    )


explore(mixed, share=(0.0, 1.0, 0.05))

# %% [markdown]
# ### Exercise 9.1 · Within a budget
#
# Write `choose(shares, mine, others, budget)`: three lists of equal length and a number. Which
# share is best on **mine**, among those that lose at most `budget` dB on **others** against share
# 0 (the first of the list)?

# %% tags=["solution"]
def choose(shares, mine, others, budget):
    allowed = [n for n in range(len(shares)) if others[0] - others[n] <= budget]
    return shares[max(allowed, key=lambda n: mine[n])]

# %%
check("09.1", choose)

# %% [markdown]
# ## 4. How sure are you?
#
# "It is one dB better" on four pictures: luck? Draw four pictures **with putting back** from your
# four, take the mean, and do it a thousand times. This is the bootstrap. The middle 95 % of those
# means say how far the mean could have been elsewhere with other pictures of the same kind.

# %%
guess = predict(
    "With four times as many test pictures, how wide is that interval?",
    ["as wide", "half as wide", "a quarter as wide"],
)
guess

# %%
gains = scores(tuned, "mine") - scores(base, "mine")
chance = np.random.default_rng(0)
widths = {}
for count in (4, 16, 64):
    test = chance.choice(gains, count)
    means = chance.choice(test, (1000, count)).mean(1)
    widths[count] = np.percentile(means, [2.5, 97.5])
    print(f"{count} pictures: gain {test.mean():.2f} dB, 95 % between {widths[count][0]:.2f} "
          f"and {widths[count][1]:.2f}")

# %%
guess.reveal("B", "The doubt shrinks with the root of the number: four times the pictures, half "
             "the doubt, roughly. A gain whose interval holds 0 is no gain yet.")

# %% [markdown]
# ### Exercise 9.2 · The interval
#
# Write `interval(values, seed)`: the bootstrap's 95 % interval of the **mean**, as two numbers,
# from 1000 draws.

# %% tags=["solution"]
def interval(values, seed):
    chance = np.random.default_rng(seed)
    draws = chance.choice(values, (1000, len(values)))
    return np.percentile(draws.mean(axis=1), [2.5, 97.5])

# %%
check("09.2", interval)

# %% [markdown]
# ## 5. The card
#
# Weights without words are useless, or dangerous. The library knows a lot by itself: the training,
# the figures, the base and its licence. What it cannot know, it asks for. A dry run says what is
# missing.

# %%
hub = own_hub()
terminal("realesr publish game-x4 --repo ada/game-x4", hub, since="To clear")

# %% [markdown]
# So we write it, in a file beside the run.

# %%
about = """
title = "Sprites, four times"
summary = "Enlarges sheets of small game figures four times, with hard corners."
purpose = "Sprites in few colours that were saved small or as JPEG."
not_for = "Photographs: it turns them into squares. Nothing where a made-up detail does harm."
licence = "BSD-3-Clause"
authors = ["Ada Example"]

[[data]]
name = "game"
licence = "CC0-1.0"
credit = "Drawn by the course's own program"
"""
written = Path("game-x4/about.toml").write_text(about)

# %%
guess = predict(
    "Which part of a model card do people leave out most often?",
    ["the name of the network", "what the model is not for", "the figures"],
)
guess

# %%
terminal("realesr publish game-x4 --repo ada/game-x4", hub, since="# Sprites", most=44)

# %%
guess.reveal("B", "Everybody likes to write what works. Who finds your model needs to know where "
             "it fails, before it fails there.")

# %% [markdown]
# ### Exercise 9.3 · Your card
#
# Write the words for a model that enlarges **scanned maps**, as a dictionary with the keys
# `summary`, `purpose`, `not_for` and `licence`. It learned from pictures under CC-BY-SA-4.0. The
# check looks at the licence, at promises nobody can keep, and whether you name a use that would do
# harm.

# %% tags=["solution"]
card = {
    "summary": "Enlarges scans of printed maps four times.",
    "purpose": "Maps scanned at 150 to 300 dpi.",
    "not_for": "Navigation or courts: a made-up name or line would do harm. Not for photographs.",
    "licence": "CC-BY-SA-4.0",
}

# %%
check("09.3", card)

# %% [markdown]
# ## 6. Publish, and use it as a stranger
#
# `--yes` sends it, here to the Hub inside this notebook. Then we do what somebody else would do:
# use it by its name, and compare with what we have.

# %%
terminal("realesr publish game-x4 --repo ada/game-x4 --yes", hub)
write_picture(Picture(from_tensor(smalls["mine"][1], np.uint8)), "small.png", force=True)
terminal("realesr upscale small.png -o there.png --model ada/game-x4 --precision fp32", hub)
terminal("realesr upscale small.png -o here.png --model game-x4/best --precision fp32")
there, here = read_picture("there.png").pixels, read_picture("here.png").pixels
print("equal in every pixel:", bool((there == here).all()))

# %%
figures.strip(
    {"input": smalls["mine"][1], "from the Hub": there, "truth": truths["mine"][1]},
    crop=(0, 0, 112, 112),
    caption="The published model, by its name.",
    alt="Little figures of coloured squares: blurred, then sharp, then the truth.",
)

# %% [markdown]
# ## Take away
#
# - **Fine-tuning forgets** what you do not show. Measure on both kinds, always.
# - **Mixing weights buys back** much for little, without another training.
# - **A claim has an interval, limits and a licence.** That is what a card is for.
#
# How the library does it: `configs/finetune.toml` is section 2, with pictures of both kinds mixed,
# the other cure for forgetting. For the real Hub run `hf auth login` and type the same lines. **A
# GPU** makes the training of section 2 some twenty times as fast, so that you can afford more
# steps with a lower rate; the lesson stays the same.
