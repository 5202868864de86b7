# %% [markdown]
# # 6 · Train, stage two
#
# **Question:** how do you teach a network to dare?
#
# You need: lesson 4 (why L1 blurs) and lesson 5. 60 minutes, and 30 for the exercises.
#
# Stage one made a careful network. Where it does not know, it draws the middle of all possible
# answers, and the middle is a blur. Stage two brings a second network, the **discriminator**. It
# sees real pictures and made ones, and learns to tell them apart. The first network, the
# **generator**, learns to be taken for real. We look at the judge first, then at the game in a
# world so small that you can see all of it, and then at pictures.

# %%
import copy
import logging
from pathlib import Path

import numpy as np
import torch

from course import check, explore, photo, points, predict, quick
from realesr import figures, load_model, read_picture
from realesr.degradations import presets
from realesr.losses import adversarial
from realesr.models.blending import blend_models
from realesr.quality.metrics import psnr
from realesr.randomness import spawn
# %% [markdown]
# ## 1. What the judge thinks
#
# This judge comes with the project: `lab-x4` learned from it. It is a U-Net: it gives an opinion
# for **every pixel**, not one for the whole picture. We show it a real photograph, what the
# careful network made of a small copy, and a **montage**: the made picture, with a real patch
# pasted into it.

# %%
scene = photo("chelsea", 20, 130, 256, 256)
small = presets.preset("gentle", 4).sample(seed=3).apply(scene)
careful, crisp = load_model("lab-x4-fidelity"), load_model("lab-x4")
judge = load_model("lab-x4-discriminator").network
with torch.no_grad():
    made = careful.network(small).clamp(0, 1)
    montage = made.clone()
    montage[..., 80:176, 80:176] = scene[..., 80:176, 80:176]

# %%
guess = predict(
    "The judge sees the montage. What will its map of opinions show?",
    ["one gray: the picture as a whole is half real", "a bright patch on dark ground",
     "only the border of the patch"],
)
guess

# %%
with torch.no_grad():
    maps = {name: torch.sigmoid(judge(image))[0, 0] for name, image in
            {"made": made, "montage": montage, "real": scene}.items()}
figures.strip(
    {"made": made, "montage": montage, "real": scene}
    | {f"opinion: {name}, mean {each.mean():.2f}": figures.Magnitude(each, 1, "= real")
       for name, each in maps.items()},
    columns=3,
    caption="Above what the judge saw, below what it thinks: 0 made, 1 real.",
    alt="A made picture, a montage, a real one; the map of the montage is bright in its middle.",
)

# %%
inside, outside = maps["montage"][80:176, 80:176].mean(), maps["montage"][:64].mean()
print(f"montage: {inside:.2f} inside the real patch, {outside:.2f} far from it")
guess.reveal("B", "An opinion a pixel tells the generator where it was caught, not only that it "
             "was. That is why Real-ESRGAN's judge is a U-Net.")

# %% [markdown]
# ## 2. The game in two numbers
#
# Now a world where a "picture" is only two numbers: a point. Real points lie in eight heaps on a
# circle. The generator gets random numbers and makes points; the judge says how real a place looks.
# One step of each is all there is to a GAN. Read both slowly.

# %%
def teach_judge(game, count=256):
    real = points.ring(count, game["chance"])
    fake = game["maker"](torch.randn(count, 2, generator=game["chance"])).detach()
    loss = adversarial(game["judge"](real), real=True)
    loss = loss + adversarial(game["judge"](fake), real=False)
    game["judge_optimiser"].zero_grad()
    loss.backward()
    game["judge_optimiser"].step()

# %%
def teach_maker(game, count=256):
    fake = game["maker"](torch.randn(count, 2, generator=game["chance"]))
    loss = adversarial(game["judge"](fake), real=True)  # it wishes to be taken for real
    game["maker_optimiser"].zero_grad()
    loss.backward()
    game["maker_optimiser"].step()

# %%
def new_game(seed, calm=False):
    chance = spawn(seed, "points")
    game = {"chance": chance, "maker": points.column(2, chance),
            "judge": points.column(1, chance, calm=calm)}
    for role in ("maker", "judge"):
        game[f"{role}_optimiser"] = torch.optim.Adam(
            game[role].parameters(), lr=1e-3, betas=(0.5, 0.99))
    return game

# %%
def play(game, rounds, judge=1, maker=1):
    for _ in range(rounds):
        for _ in range(judge):
            teach_judge(game)
        for _ in range(maker):
            teach_maker(game)
    return game

# %%
def show(games, alt, caption):
    size = (2.9 * len(games), 3.4)
    with figures.plot(len(games), alt=alt, caption=caption, size=size, sharey=True) as every:
        for axes, (title, game) in zip(np.ravel(every), games.items(), strict=True):
            real = points.ring(300, spawn(9, "real"))
            made = game["maker"](torch.randn(300, 2, generator=spawn(9, "noise")))
            points.draw(axes, title, game["judge"], real, made)
        np.ravel(every)[0].set_ylabel("second number")


start = play(new_game(3), 150)
both = play(copy.deepcopy(start), quick(700, 3000))
show({"after 150 rounds": start, "after many more": both},
     alt="Orange points in a cloud; later they lie on the eight blue heaps.",
     caption="Blue: real. Orange: made. The ground is lighter where the judge says real.")

# %% [markdown]
# ## 3. Half a game
#
# What if only one of them learns? We go back to the state after 150 rounds.

# %%
guess = predict(
    "Only the generator learns; the judge stays as it is. Where do the made points go?",
    ["onto all eight heaps, as before", "to the one or two places this judge likes most",
     "they stay where they are"],
)
guess

# %%
alone = {
    "only the judge": play(copy.deepcopy(start), quick(300, 1000), maker=0),
    "only the generator": play(copy.deepcopy(start), quick(300, 1000), judge=0),
}
show({"start": start} | alone,
     alt="Start; a judge with sharp light spots and points unmoved; points crowded in few places.",
     caption="Left the start, then what each becomes when only one of the two goes on learning.")

# %%
guess.reveal("B", "A fixed judge has a favourite place, and everything runs there. A network for "
             "pictures does the same: it finds one texture that the judge likes, and paints it "
             "everywhere.")

# %% [markdown]
# ## 4. Collapse, made to happen
#
# With the generator 25 steps ahead in every round, it answers each judge with one heap. The judge
# learns that this heap is made; the generator jumps to the next. This is called **mode collapse**.

# %%
guess = predict(
    "How many of the eight heaps does the generator still reach when it is 25 steps ahead?",
    ["all eight, only faster", "three or fewer", "six or seven"],
)
guess

# %%
hasty = play(new_game(0), 100, maker=25)
fair = play(new_game(0), quick(800, 3000))
noise = torch.randn(2000, 2, generator=spawn(1, "count"))
reached = {name: points.heaps(game["maker"](noise)) for name, game in
           {"one step each": fair, "generator 25 steps ahead": hasty}.items()}
show({f"{name}: {count} of 8": game for (name, count), game in
      zip(reached.items(), (fair, hasty), strict=True)},
     alt="Left all eight heaps are reached, right all points crowd in one or two.",
     caption="A generator that is too quick forgets all answers but one.")

# %%
count = reached["generator 25 steps ahead"]
guess.reveal("B" if count <= 3 else "A" if count == 8 else "C",
             "Nothing in the loss asks for variety: it only asks to be taken for real, now.")

# %% [markdown]
# ### Exercise 6.1 · The two wishes
#
# Write the losses by hand. `losses(real, fake)` gets the judge's answers (logits: any number,
# above 0 means "real") for real and made pictures, and returns two numbers: the judge's loss,
# which is the sum of two means, and the generator's. Hint: `torch.nn.functional.softplus(-x)` is
# small when x is large.

# %% tags=["solution"]
def losses(real, fake):
    wish = torch.nn.functional.softplus
    return wish(-real).mean() + wish(fake).mean(), wish(-fake).mean()

# %%
check("06.1", losses)

# %% [markdown]
# ## 5. An answer, not an average
#
# Why does this give sharp pictures? Ask for **one** point. Least squares wants it near all real
# points; the judge wants it where real points are.

# %%
guess = predict(
    "One point, moved to be near all real points (least squares). Where does it end?",
    ["on one of the heaps", "in the middle of the ring, where no real point is", "outside"],
)
guess

# %%
def climb(start, steps=300):
    point = torch.tensor([start], requires_grad=True)
    optimiser = torch.optim.Adam([point], lr=0.01)
    for _ in range(steps):
        optimiser.zero_grad()
        adversarial(strict["judge"](point), real=True).backward()
        optimiser.step()
    return point.detach()


strict = new_game(3)
strict["maker"] = lambda noise: 1.2 * noise  # a maker that never learns: points everywhere
play(strict, quick(400, 2000), maker=0)
real = points.ring(300, spawn(9, "real"))
ends = torch.cat([climb(begin) for begin in ([0.3, 0.1], [-0.2, 0.3], [0.1, -0.4], [-0.3, -0.2])])

# %%
with figures.plot(
    alt="A cross in the middle of the ring; four orange stars, each on another heap.",
    caption="The cross is the average. Each star is what the judge made of another first guess.",
    size=(4.2, 3.9),
) as axes:
    points.draw(axes, "one answer", strict["judge"], real, ends[:0])
    axes.plot(*real.mean(0), "X", color=figures.INK, markersize=11, label="least squares")
    axes.plot(*ends.T, "*", color=figures.MADE_UP, markersize=13, label="judge, four starts")
    axes.set(ylabel="second number")
    axes.legend(loc="upper right", frameon=True)

# %%
guess.reveal("B", "The average of real answers need not be a real answer: that is the blur. The "
             "judge sends the point to one real answer. Which one? That depends on where it "
             "began. Sharp, and perhaps not the truth.")

# %% [markdown]
# ## 6. Spectral norm: a judge that stays calm
#
# A judge that is too sure gives answers like cliffs: nearly 0 everywhere, nearly 1 a step further.
# On flat ground nobody knows where to go. **Spectral normalisation** divides each layer's weights
# by its largest gain, so that no layer makes any difference larger than it was.

# %%
guess = predict(
    "Both judges learn alone for a while. How steep is the steepest place of the calm one?",
    ["at most 1", "as steep as the other's, only later", "steeper"],
)
guess

# %%
judges = {}
for name, calm in (("free", False), ("spectral norm", True)):
    game = new_game(2, calm=calm)
    play(game, quick(300, 1500), maker=0)
    judges[f"{name}: slope {points.steepest(game['judge']):.1f}"] = game
show(judges, alt="A judge with hard black and white areas, and one with soft gray transitions.",
     caption="The same lesson for both. The title says how steep the answer is at its steepest.")

# %%
guess.reveal("A", "Three layers, each with a gain of at most 1, have a gain of at most 1 together. "
             "In Real-ESRGAN's U-Net the paths add up, and a convolution is a little more than its "
             "matrix, so there the bound is looser; but it is a bound.")

# %% [markdown]
# ### Exercise 6.2 · The largest gain
#
# How large can `matrix @ x` be for an x of length 1? **Power iteration** finds out: begin with any
# vector, multiply by the matrix, then by its transpose, make the length 1 again, repeat. Write
# `largest_gain(matrix)`, right to one percent.

# %% tags=["solution"]
def largest_gain(matrix):
    vector = torch.ones(matrix.shape[1]) + 0.1 * torch.arange(matrix.shape[1])
    for _ in range(200):
        vector = matrix.T @ (matrix @ vector)
        vector = vector / vector.norm()
    return (matrix @ vector).norm()

# %%
check("06.2", largest_gain)

# %% [markdown]
# ## 7. Stage two on pictures
#
# Now the real thing: the library's trainer, the careful network as the start, the judge from
# above. `weight` says how much the judge's opinion counts beside the pixel loss. We train twice, a
# few steps only: once with a small weight, once greedily.

# %%
from realesr.train.config_files import config_from
from realesr.train.curves import series
from realesr.train.journal import Journal
from realesr.train.run import train

logging.getLogger("realesr").setLevel("ERROR")  # no remarks about optional downloads

# %%
def stage_two(weight, rate, steps):
    name = f"weight-{weight}"
    train(config_from({
        "name": name, "output": name, "steps": steps, "batch_size": 4, "ema": 0.5,
        "start": {"generator": "lab-x4-fidelity", "discriminator": "lab-x4-discriminator"},
        "data": {"pictures": ["samples:brick,grass,gravel,rocket,chelsea"], "recipe": "gentle",
                 "held_out": ["samples:coffee"], "crop": 128, "patch": 64},
        "optimiser": {"learning_rate": rate},
        "gan": {"weight": weight, "features": 32, "learning_rate": 1e-4},
        "sharpen": {"input": False, "pixel": False, "perceptual": False},
        "save": {"every": steps}, "watch": {"log_every": 5, "preview_every": steps // 3,
                                            "validate_every": 0, "tensorboard": False},
    }))
    return name

# %%
guess = predict(
    "The judge counts a lot, and the generator learns fast. What will the pictures look like?",
    ["sharper and truer", "covered with one loud texture", "blurred again"],
)
guess

# %%
steps = quick(24, 300)
gentle, greedy = stage_two(0.05, quick(1e-4, 1e-5), steps), stage_two(1, 2e-4, 24)
taken = {"input": read_picture(f"{gentle}/previews/input/01_coffee.png").pixels}
for name in (gentle, greedy):
    for look in sorted(Path(name, "previews").glob("step-*"))[::3]:
        title = f"{name}, step {int(look.name[5:])}".replace("-", " ")
        taken[title] = read_picture(look / "01_coffee.png").pixels
taken["truth"] = read_picture(f"{gentle}/previews/truth/01_coffee.png").pixels
figures.strip(
    taken, columns=3,
    caption="A held-out picture: the same crop before the first step and after the last.",
    alt="A blurred piece of a cup, a little crisper with the small weight, with loud texture else.",
)

# %%
guess.reveal("B", "As in section 3: the generator found what this judge likes, and the judge could "
             "not follow. A careful weight, slow steps and thousands of them keep the two in "
             "balance.")

# %% [markdown]
# The curves tell it, too. `d_real` is how probable the judge finds it that real pictures are real,
# `d_fake` that made ones are. Far apart: the judge wins, and its answers teach little. Equal: it is
# guessing. They should stay apart a little, and move.

# %%
with figures.plot(
    2, alt="Two plots of two lines each: real above made, then both lines tumbling.",
    caption="The judge's mean opinion of real and of made pictures in both runs.",
    size=(8.4, 3.2), sharey=True,
) as both_axes:
    for axes, name in zip(both_axes, (gentle, greedy), strict=True):
        lines = Journal.read(name)
        axes.plot(*series(lines, "train", "d_real"), "o-", label="real pictures")
        axes.plot(*series(lines, "train", "d_fake"), "o-", label="made pictures")
        axes.set(title=name.replace("-", " "), xlabel="step", ylim=(0, 1))
    both_axes[0].set_ylabel("opinion: 0 made, 1 real")

# %% [markdown]
# ### Exercise 6.3 · The doctor
#
# Four runs, four descriptions. Say what each suffers from: `"collapse"`, `"judge wins"`,
# `"weight too small"` or `"healthy"`.
#
# - **A**: d_real 0.99, d_fake 0.01 since step 500; the pictures have not changed since.
# - **B**: d_real 0.7, d_fake 0.35, both moving; more detail every thousand steps.
# - **C**: d_real 0.95, d_fake 0.05; the judge's term is 0.1 percent of the loss; pictures are
#   smooth.
# - **D**: d_fake jumps between 0.1 and 0.9; hair, grass and skin have the same worm-like texture.

# %% tags=["solution"]
diagnosis = {"A": "judge wins", "B": "healthy", "C": "weight too small", "D": "collapse"}

# %%
check("06.3", diagnosis)

# %% [markdown]
# ## 8. The fidelity dial
#
# `lab-x4` was trained so, for many hours; `lab-x4-fidelity` is its careful sister. Both have the
# same layers, so their **weights can be mixed**, number by number. One dial goes from careful to
# crisp, and the mix runs as fast as one network.

# %%
def detail(image):
    return (image.diff(dim=-1).abs().mean() + image.diff(dim=-2).abs().mean()).item()


dial, answers = (0, 0.25, 0.5, 0.75, 1), {}
with torch.no_grad():
    for share in dial:
        network = blend_models(crisp, careful, share).network
        answers[f"{share:.0%} crisp"] = network(small).clamp(0, 1)
figures.strip(
    {"input": small} | answers | {"truth": scene},
    crop=(80, 20, 100, 100),
    caption="The same input with the dial at five places.",
    alt="A cat's eye and fur: input, five results that grow crisper, the truth.",
)

# %%
guess = predict(
    "Turning the dial from careful to crisp, what happens to PSNR, the closeness to the truth?",
    ["it rises: sharper is closer", "it falls: daring costs", "nothing"],
)
guess

# %%
closeness = [psnr(each, scene, border=4).value for each in answers.values()]
drawn = [detail(each) / detail(scene) for each in answers.values()]
with figures.plot(
    alt="A path of five points: from careful to crisp detail grows and PSNR changes.",
    caption="Each point is one place of the dial. The truth has a detail of 100 percent.",
) as axes:
    axes.plot(np.array(drawn) * 100, closeness, "o-")
    for share, right, up in zip(dial, drawn, closeness, strict=True):
        axes.annotate(f"{share:.0%} crisp", (right * 100, up), (6, 4), textcoords="offset points")
    axes.set(xlabel="detail / % of the truth's", ylabel="PSNR / dB")

# %%
guess.reveal("B" if closeness[-1] < closeness[0] else "A",
             f"From {closeness[0]:.2f} to {closeness[-1]:.2f} dB. A detail in the wrong place "
             "costs twice: it is there where it should not be, and not where it should be. "
             "Which end is better depends on who asks: an archive, or a poster.")

# %%
def turned(share):
    with torch.no_grad():
        answer = blend_models(crisp, careful, share).network(small).clamp(0, 1)
    return figures.strip(
        {"input": small, f"{share:.0%} crisp": answer, "truth": scene}, crop=(80, 20, 100, 100),
        caption=f"PSNR {psnr(answer, scene, border=4).value:.2f} dB.",
        alt="A cat's eye and fur: input, result at this place of the dial, truth.",
    )


explore(turned, share=(0.0, 1.0, 0.05))

# %% [markdown]
# ## Take away
#
# - The judge sends the answer to **one** realistic place. Nothing in the game says that it is the
#   true one.
# - **Balance is everything**: watch `d_real` and `d_fake`, and the same held-out crop.
# - One dial between faithful and crisp costs nothing. Set it for the person who will use the
#   picture.
#
# How the library does it: `realesr train configs/lab_x4.toml` is section 7 with hours instead of
# seconds, and `realesr upscale --denoise` and `blend_models` are the dial. **A GPU** changes how
# long you wait, and how large patches and judges may be; what you see in this lesson would be the
# same.
