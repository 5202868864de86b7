# %% [markdown]
# # 4 · Losses and metrics
#
# **Question:** what answer is "best" when many are possible?
#
# You need: lesson 2. 60 minutes, and 35 for the exercises.
#
# A loss tells a network, in one number, how wrong it is. A metric tells *us*. Both are choices,
# and each of them can be fooled. This lesson is short on code and long on consequences.

# %%
import numpy as np
import torch
from torch.nn import functional as F

from course import check, explore, photo, predict, quick
from course.checks.lesson_04 import fan
from realesr import figures
from realesr.degradations import Blur, GaussianNoise, Jpeg, Resize
from realesr.losses import l1, mse
from realesr.models.loading import load_model
from realesr.quality.metrics import niqe, psnr, ssim

# %% [markdown]
# ## 1. Two truths, one picture
#
# Take a coffee cup. Add the part of a cat that **a shrinking by 4 cannot see** (each 4 × 4 square
# of it has the mean 0). Then shrink both.

# %%
guess = predict(
    "Two clearly different large pictures. How many pixels of their small versions are equal?",
    ["about 5 percent", "about half", "more than 90 percent"],
)
guess

# %%
cup = 0.15 + 0.7 * photo("coffee", 60, 150, 192, 192)
cat = photo("chelsea", 40, 90, 192, 192)
unseen = cat - F.interpolate(F.avg_pool2d(cat, 4), scale_factor=4)
ghost = cup + 0.45 * unseen
small, other = (F.avg_pool2d(each, 4).mul(255).round() / 255 for each in (cup, ghost))
equal = float((small == other).all(dim=1).float().mean())
figures.strip(
    {"one truth": cup, "another truth": ghost, "small version of one": small,
     "small version of the other": other},
    caption=f"{equal:.0%} of the small pixels are equal; the others differ by "
            f"{(small - other).abs().max() * 255:.0f} level of 255.",
    alt="A cup; the same cup with a ghostly cat's fur; two small cups that look the same.",
)

# %%
guess.reveal(
    "C",
    "Nothing, no network and no future one, can tell from the small picture which of the "
    "two it was. Enlarging is choosing among answers. The loss decides how.",
)

# %% [markdown]
# ## 2. The bet
#
# A simple world: an edge is somewhere between 4 pixels left and 4 pixels right of the middle, and
# the input does not say where. Here are twelve of the possible truths. You must give **one**
# answer of 32 numbers. Afterwards a truth is drawn, and you pay for your distance to it.

# %%
truths = fan(20000)
with figures.plot(
    alt="Twelve step edges at seven places, drawn over each other like a fan.",
    caption="All look the same in the small picture (each lifted by 0.01 to be seen).",
) as axes:
    for number, edge in enumerate(truths[:12]):
        axes.step(range(32), edge + 0.01 * number, color=figures.BLUE, alpha=0.5, where="mid")
    axes.set(xlabel="place / px", ylabel="brightness")

# %%
guess = predict(
    "You pay the squared difference. Which answer costs least on average?",
    ["a sharp edge in the middle", "a smooth ramp that is never right", "a flat gray"],
)
guess

# %%
def learned(loss, steps=quick(150, 400)):
    answer = torch.full((32,), 0.5, requires_grad=True)
    adam = torch.optim.Adam([answer], lr=0.03)
    for step in range(steps):
        batch = truths[step * 100 % len(truths) :][:500]
        adam.zero_grad()
        loss(answer.expand_as(batch), batch).backward()
        adam.step()
    return answer.detach()


# %%
answers = {"L2 (squares)": learned(mse), "L1 (differences)": learned(l1)}
with figures.plot(
    alt="The answer for L2 is a ramp from 0 to 1, the answer for L1 a sharp edge in the middle.",
    caption="Both were learned by gradient descent from the same truths, just now.",
) as axes:
    for name, answer in answers.items():
        axes.step(range(32), answer, label=name, where="mid")
    axes.set(xlabel="place / px", ylabel="brightness")

# %%
guess.reveal(
    "B",
    "Squares make one large mistake costlier than many small ones, so the best answer is the "
    "mean of all truths: a ramp. Blur is not a lack of training. It is the right answer.",
)

# %% [markdown]
# L1 takes the **median**, and here it dares an edge. Does L1 then give sharp pictures? Not of
# texture: there every pixel has its own median, and the medians of a thousand grasses are one
# even tone.

# %%
guess = predict(
    "Five kinds of grass are possible, all equally. What is the L1 answer?",
    ["one of the five", "something flatter than each of them", "sharper than each of them"],
)
guess

# %%
grass = photo("grass", 0, 0, 512, 512)[:, :1]
kinds = torch.cat([grass[..., 64 * k : 64 * k + 96, 90 * k : 90 * k + 96] for k in range(5)])
median = kinds.median(dim=0).values
figures.strip(
    {"one possible truth": kinds[0], "another": kinds[1], "L2: their mean": kinds.mean(dim=0),
     "L1: their median": median},
    caption=f"Contrast: a truth {kinds[0].std():.2f}, mean {kinds.mean(0).std():.2f}, "
            f"median {median.std():.2f}.",
    alt="Two pieces of grass, and two paler, flatter ones with weaker blades.",
)

# %%
guess.reveal(
    "B",
    "So both pixel losses paint mush where there is texture. Whoever wants grass must "
    "reward looking like grass: the perceptual and adversarial losses of lesson 6.",
)

# %% [markdown]
# ## 3. What realism costs
#
# A perfect forger answers with one of the possible truths, drawn at random: always sharp, always
# realistic. What does PSNR say?

# %%
guess = predict(
    "The squared error of the realistic guess, compared with that of the blurry mean?",
    ["smaller: it is sharp", "exactly the same", "twice as large"],
)
guess

# %%
drawn = fan(len(truths), seed=1)
of_guess = float((drawn - truths).square().mean())
of_mean = float((truths.mean(0) - truths).square().mean())
print(f"mean {of_mean:.4f}, realistic guess {of_guess:.4f}: {of_guess / of_mean:.2f} times, "
      f"{10 * np.log10(of_guess / of_mean):.2f} dB")

# %%
guess.reveal(
    "C",
    "Guess and truth are two draws of the same kind, and the variance of a difference is "
    "the sum of the variances. So perfect realism costs 10 · log10(2) = 3.01 dB, always.",
)

# %% [markdown]
# If a crisp model has 2 or 3 dB less than a soft one, that is no proof that it is worse. It may be
# the price.
#
# ## 4. How each metric is fooled
#
# One photograph, six forgeries. **First order them by eye, best to worst, on paper.**

# %%
truth = photo("astronaut", 20, 120, 208, 208)
size = (208, 208)
forgeries = {
    "brighter": (truth + 14 / 255).clamp(0, 1),
    "moved 1 px": truth.roll(1, -1),
    "noise": GaussianNoise(sigma=14, seed=1).apply(truth, size),
    "blurred": Blur(sigma_x=1.0, sigma_y=1.0).apply(truth, size),
    "JPEG 10": Jpeg(quality=10).apply(truth, size),
    "contrast": (0.5 + 0.85 * (truth - 0.5)),
}
figures.strip(
    {"truth": truth} | forgeries, crop=(50, 50, 100, 100),
    caption="Which is nearest to the truth? Decide before you read on.",
    alt="A face, and six versions: brighter, moved, noisy, blurred, blocky, paler.",
)

# %%
guess = predict(
    "Which one does PSNR call the best?",
    ["the brighter one", "the moved one", "the blurred one"],
)
guess

# %%
rows = [(name, psnr(each, truth, border=4).value, ssim(each, truth, border=4).value,
         niqe(each).value) for name, each in forgeries.items()]
print(f"{'':12}{'PSNR / dB':>10}{'SSIM':>8}{'NIQE':>8}   (NIQE: lower is better)")
print(f"{'truth':12}{'':>10}{'':>8}{niqe(truth).value:8.2f}")
for name, near, like, natural in sorted(rows, key=lambda row: -row[1]):
    print(f"{name:12}{near:10.1f}{like:8.3f}{natural:8.2f}")

# %%
guess.reveal(
    "C",
    "Blur costs little, a shift that nobody sees much, and a brighter picture costs as much "
    "as noise. SSIM forgives brightness and minds noise in plain places. NIQE knows no "
    "truth, and its differences of a few hundredths are chance.",
)

# %% [markdown]
# NIQE measures how unlike good photographs a picture looks. So it can be pleased without any truth:

# %%
soft = Blur(sigma_x=1.6, sigma_y=1.6).apply(truth, size)
veil, gray = Blur(sigma_x=0.8, sigma_y=0.8), torch.full_like(soft, 0.5)
grain = veil.apply(GaussianNoise(sigma=10, gray=True, seed=2).apply(gray, size), size) - 0.5
grass = photo("grass", 0, 0, 208, 208)
blades = 0.1 * (grass - Blur(sigma_x=1.6, sigma_y=1.6).apply(grass, size))
baits = {"truth": truth, "soft": soft, "soft + grain": soft + grain, "soft + grass": soft + blades}
figures.strip(
    {f"{name}: NIQE {niqe(each.clamp(0, 1)).value:.1f}, "
     f"{psnr(each.clamp(0, 1), truth).value:.1f} dB": each for name, each in baits.items()},
    crop=(50, 50, 100, 100),
    caption="Grain, or even a little grass on her skin: not truer, and much 'more natural'.",
    alt="A face four times: sharp, soft, soft with fine grain, soft with a texture of grass.",
)

# %% [markdown]
# ## 5. Six PSNRs of one pair
#
# Even one metric is many.

# %%
guess = predict(
    "One result, one truth. By how much do honest PSNRs of them differ?",
    ["0.01 dB", "about 0.3 dB", "more than 1 dB"],
)
guess

# %%
low = Resize(factor=0.25, antialias=True).apply(truth, size).clamp(0, 1)
result = F.interpolate(low, scale_factor=4, mode="bicubic").clamp(0, 1)
for colour in ("rgb", "y"):
    for border in (0, 4, 16):
        print(psnr(result, truth, border=border, colour=colour))

# %%
guess.reveal(
    "C",
    "Colours or brightness alone, with border or without: all are in use. A PSNR without "
    "its protocol cannot be compared with anything. The library always prints both.",
)

# %% [markdown]
# ## 6. Two axes
#
# Now real models on one picture, as a map: how near to the truth (PSNR), how natural (NIQE).

# %%
def bicubic(picture):
    return F.interpolate(picture, scale_factor=4, mode="bicubic").clamp(0, 1)


# %%
scene = photo("astronaut", 0, 100, 256, 320)
bad = Resize(factor=0.25, antialias=True).apply(scene, (256, 320))
bad = Jpeg(quality=60).apply(GaussianNoise(sigma=4, seed=3).apply(bad, (64, 80)), (64, 80))
results = {"bicubic": bicubic(bad)}
with torch.inference_mode():
    for name in ("srcnn-x4", "lab-x4-fidelity", "lab-x4"):
        results[name] = load_model(name).network(bad).clamp(0, 1)
figures.strip(
    {"input": bad} | results | {"truth": scene}, crop=(60, 70, 104, 104), columns=3,
    caption="An ordinary bad photo: shrunk, a little noise, JPEG 60.",
    alt="A face as coarse input, and four results from soft to crisp, and the truth.",
)

# %%
guess = predict(
    "Half bicubic, half lab-x4, pixel by pixel. Its PSNR?",
    ["between the two", "better than both", "worse than both"],
)
guess

# %%
shares = np.linspace(0, 1, 11)
mixtures = [torch.lerp(results["bicubic"], results["lab-x4"], share) for share in shares]
curve = [(psnr(each, scene, border=4).value, niqe(each).value) for each in mixtures]
with figures.plot(
    alt="Named points on a map of PSNR and NIQE, and a bent curve from bicubic to lab-x4.",
    caption="Right is closer to the truth, up is more natural. Nobody is in the corner.",
) as axes:
    axes.plot(*zip(*curve, strict=True), ".-", color=figures.SOFT, label="bicubic to lab-x4, mixed")
    for name, each in results.items():
        axes.plot(psnr(each, scene, border=4).value, niqe(each).value, "o", ms=9, label=name)
    axes.set(xlabel="PSNR / dB", ylabel="NIQE (lower is better)")
    axes.invert_yaxis()

# %%
most = int(np.argmax([near for near, _ in curve]))
print(f"bicubic {curve[0][0]:.2f} dB, lab-x4 {curve[-1][0]:.2f} dB, "
      f"best mixture ({shares[most]:.0%} lab-x4) {curve[most][0]:.2f} dB")

# %%
guess.reveal(
    "B",
    "Two guesses with different errors: their average is nearer to the mean of all truths. "
    "The curve bulges. A mixture that wins PSNR has not understood more.",
)

# %% [markdown]
# Blau and Michaeli (2018) proved that the corner, closest **and** most natural, cannot be reached
# when several truths are possible: on the frontier one is paid for with the other. Away from the
# frontier one can win both, and good models do.
#
# Be honest with the map above, too: a model to the left of the bent curve and below it is beaten by
# a plain mixture. When this was tried, `lab-x4-fidelity`, which was taught for closeness, was such a
# point on this picture, with a PSNR below bicubic's. One picture is no verdict, in either direction.

# %%
def dial(share):
    each = torch.lerp(results["bicubic"], results["lab-x4"], share)
    near, natural = psnr(each, scene, border=4).value, niqe(each).value
    return figures.strip({"mixture": each, "truth": scene}, crop=(60, 70, 104, 104),
                         caption=f"{near:.2f} dB, NIQE {natural:.2f}", alt="A face and its truth.")


explore(dial, share=(0.0, 1.0, 0.1))

# %% [markdown]
# ## 7. Three customers
#
# Which of the four results would you give to: an archive of land registers, a poster printer, a
# microscopist who counts cells? Which number would you show each of them? Write one sentence for
# each.
#
# ## Exercises
#
# **1. The best single answer.** Write `best(samples, loss)`: the number with the least average cost
# against `samples`, for `"l2"` (squares), `"l1"` (differences) and `"exact"` (1 for every miss).
# `samples` is a NumPy array.

# %% tags=["solution"]
def best(samples, loss):
    """Return the best constant."""
    if loss == "l2":
        return float(np.mean(samples))
    if loss == "l1":
        return float(np.median(samples))
    values, counts = np.unique(samples, return_counts=True)
    return float(values[counts.argmax()])


# %%
check("04.1", best)

# %% [markdown]
# **2. Forge.** Write `forge(truth)`: a picture with a PSNR of 35 dB or more that has a lower SSIM
# than the truth made 14 levels brighter (25 dB). The hidden truth has a large plain sky.

# %% tags=["solution"]
def forge(truth):
    """Return a picture that PSNR likes better than the eye does."""
    return GaussianNoise(sigma=4, seed=1).apply(truth, tuple(truth.shape[-2:]))


# %%
check("04.2", forge)

# %% [markdown]
# **3. By the protocol.** Write `fair(result, truth, scale)`: PSNR in dB over all colours, the
# result clamped and rounded to 8 bits, `scale` pixels left out at each border. `psnr` may be used.

# %% tags=["solution"]
def fair(result, truth, scale):
    """Return the PSNR in dB by the project's protocol."""
    rounded = (result.clamp(0, 1) * 255).round() / 255
    return psnr(rounded, truth, border=scale).value


# %%
check("04.3", fair)

# %% [markdown]
# ## How the library does it
#
# `realesr.losses` has each loss in one short function with its paper; `realesr.quality.metrics`
# gives every figure with its protocol. `realesr evaluate` compares models on many pictures, and
# says how sure it is. LPIPS, a learned metric, needs weights from the network once, so it is not
# used here.
#
# A GPU changes no answer of this lesson.
#
# ## Take away
#
# 1. The loss chooses among plausible answers: the mean, the median, or one of them.
# 2. Perfect realism costs 3 dB. Report two axes.
# 3. A figure without its protocol is not a figure.
