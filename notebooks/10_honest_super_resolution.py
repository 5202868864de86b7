# %% [markdown]
# # 10 · Honest super-resolution
#
# **Question:** which of these pixels may I believe?
#
# You need: nothing but curiosity; lesson 6 helps. 50 minutes, and 30 for the exercises.
#
# In films, somebody says "enhance", and a blurred spot becomes a number plate. In this lesson you
# find out why that cannot work, how a result can be sharp, stable and consistent and still be
# wrong, which tools show where to be careful, and how to say openly what was done.

# %%
import numpy as np
import torch
from torch.nn import functional as F

from course import check, explore, photo, predict, quick
from course.plates import plate
from course.terminal import terminal
from realesr import Picture, Upscaler, figures, provenance, read_picture, write_picture
from realesr.degradations import GaussianNoise
from realesr.images import from_tensor, to_tensor
from realesr.quality.backprojection import make_consistent
from realesr.quality.honesty import invention_map
from realesr.quality.metrics import consistency, psnr

# %% [markdown]
# ## 1. Three plates
#
# Three number plates, photographed from far away: each letter is now about three pixels high, and
# the evening made the picture noisy. The network enlarges them four times. Cover the last row with
# your hand, and read.

# %%
words = ("B8 DO3", "88 0D8", "B6 QO5")
crisp = Upscaler("lab-x4", precision="fp32", device="cpu")
faithful = Upscaler("lab-x4-fidelity", precision="fp32", device="cpu")


def shrink(image, scale):
    return F.interpolate(image, scale_factor=1 / scale, mode="bicubic", antialias=True).clamp(0, 1)


# %%
truths = [plate(each, 24) for each in words]
clean = [shrink(truth, 4) for truth in truths]
far = [GaussianNoise(sigma=8, seed=3).apply(each, each.shape[-2:]) for each in clean]
near = [crisp.upscale_tensor(small) for small in far]
rows = {"seen": far, "enlarged": near, "true": truths}
figures.strip(
    {f"{kind} {number}": image for kind, row in rows.items()
     for number, image in enumerate(row, 1)}, columns=3,
    caption="Above what the camera saw, then what the network made of it, below the truth.",
    alt="Three plates: unreadable blocks; smooth letters that could be several; clear letters.",
)

# %%
guess = predict(
    "Could a much better network, trained for years, read every plate at this size?",
    ["yes, with enough training", "no: different plates look nearly the same at this size",
     "yes, with a higher factor"],
)
guess

# %%
def apart(images):
    pairs = [(images[0], images[1]), (images[0], images[2]), (images[1], images[2])]
    return np.mean([255 * (one - other).abs().mean().item() for one, other in pairs])


print(f"their small pictures differ by {apart(clean):.1f} levels; the noise has 8")
guess.reveal("B", "Shrinking is a door that many plates go through together. What is the same "
             "behind the door, nobody can tell apart; what differs is soon less than the noise.")

# %% [markdown]
# ## 2. Many truths behind one picture
#
# Let us build two quite different photographs with the **same** small picture. From a cup we take
# only what averaging over 4 × 4 pixels removes, its hidden part, and add it to a cat.

# %%
def average(image):
    return F.avg_pool2d(image, 4)


def hidden(image):
    return image - F.interpolate(average(image), scale_factor=4, mode="nearest")

# %%
cat, cup = photo("chelsea", 20, 100, 224, 224), photo("coffee", 60, 180, 224, 224)
one = 0.7 * cat + 0.15
other = one + 0.6 * (hidden(cup) - hidden(one))
figures.strip(
    {"one": one, "the other": other,
     "one, small": average(one), "the other, small": average(other)},
    columns=2, crop=(40, 40, 144, 144),
    caption="Two photographs, and what a camera with a sixteenth of the pixels sees of each.",
    alt="A cat, a cat with the ghost of a cup's texture, and two small cats that look the same.",
)

# %%
guess = predict(
    "How many pixels of the two small pictures are equal, as 8-bit numbers?",
    ["about half", "nine of ten or more", "none: the large ones differ everywhere"],
)
guess

# %%
small_one, small_other = (from_tensor(average(each), np.uint8) for each in (one, other))
equal = (small_one == small_other).all(axis=2).mean()
distance = psnr(one, other.clamp(0, 1)).value
print(f"large: {distance:.1f} dB apart; small: {equal:.1%} of the pixels are equal")
guess.reveal("B" if equal > 0.8 else "A", "Of 48 numbers the small picture keeps 3. The "
             "other 45 can be anything. A network does not find them, it chooses what was usual "
             "in its training.")

# %% [markdown]
# ### Exercise 10.1 · Make a twin
#
# Write `twin(image)` for a 1 × 3 × H × W picture in [0, 1], sides multiples of 4. It gives another
# picture, still in [0, 1], whose 4 × 4 averages are the same, but which differs by at least 2
# levels on average.

# %% tags=["solution"]
def twin(image):
    rows, columns = torch.arange(image.shape[-2]), torch.arange(image.shape[-1])
    board = ((rows[:, None] + columns) % 2) * 2.0 - 1  # sums to 0 in every 4 x 4 block
    room = F.interpolate(-F.max_pool2d(-torch.minimum(image, 1 - image), 4), scale_factor=4)
    return image + 0.5 * room * board

# %%
check("10.1", twin)

# %% [markdown]
# ## 3. The first test: does it contradict its input?
#
# Whatever a network draws, made small again it should be what it was made of. That is
# **consistency**, and it is easy to measure. We test three honest results and a **liar**: a picture
# of *another* scene, changed as little as needed so that it passes.

# %%
scene = photo("astronaut", 0, 130, 224, 224)
low = from_tensor(shrink(scene, 4), np.uint8)
noise = from_tensor(GaussianNoise(sigma=30, seed=5).apply(cup, (224, 224)), np.uint8)
results = {
    "bicubic": Upscaler("bicubic", device="cpu")(low),
    "lab-x4-fidelity": faithful(low),
    "lab-x4": crisp(low),
    "liar": make_consistent(noise, low),
}

# %%
guess = predict(
    "Which result agrees best with the small picture?",
    ["bicubic", "a network", "the liar"],
)
guess

# %%
truth = from_tensor(scene, np.uint8)
figures.strip(
    {f"{name}: {consistency(each, low).value:.1f} dB": each for name, each in results.items()},
    crop=(30, 50, 100, 100),
    caption="How well each, made small again, is the input (more dB is better).",
    alt="A portrait four times; in the last there is strange texture all over the face.",
)

# %%
agreement = {name: consistency(each, low).value for name, each in results.items()}
best = max(agreement, key=agreement.get)
for name, each in results.items():
    print(f"{name}: PSNR {psnr(each, truth, border=4).value:.1f} dB against the truth")
guess.reveal({"bicubic": "A", "liar": "C"}.get(best, "B"),
             "Passing the test is necessary: a result that contradicts its input is wrong. But it "
             "proves nothing: a liar that was made to pass it passes it best.")

# %% [markdown]
# ### Exercise 10.2 · Disagreement
#
# Write `disagreement(large, small)`: make `large` small again by averaging 4 × 4 pixels, and give
# the mean absolute difference to `small`, in levels of 255. Both are 1 × 3 × H × W in [0, 1].

# %% tags=["solution"]
def disagreement(large, small):
    return (F.avg_pool2d(large, 4) - small).abs().mean() * 255

# %%
check("10.2", disagreement)

# %% [markdown]
# ## 4. The second test: ask the same question in other words
#
# Mirror the input, turn it, move it by a fraction of a pixel. Where the network knows, the answer
# is the same each time. Where it makes something up, answers differ. The **invention map** puts
# that doubt together with the detail that is drawn there. Does it find the real errors?

# %%
inventions = invention_map(crisp, low, results["lab-x4"], partner=faithful)
mistakes = np.abs(results["lab-x4"].astype(float) - truth).mean(axis=2)
figures.strip(
    {"result": results["lab-x4"], "truth": truth,
     "invention map": figures.Magnitude(inventions.values, 8, "levels"),
     "real error": figures.Magnitude(mistakes, 60, "levels")},
    caption="The third map needs no truth. How well does it foresee the fourth?",
    alt="A portrait, the truth, and two maps that glow at similar places: eyes, hair, edges.",
)

# %%
def ranks(values):
    return np.argsort(np.argsort(values.ravel())).astype(float)


blocks = [to_tensor((np.clip(each / each.max(), 0, 1) * 255).astype(np.uint8))
          for each in (inventions.values, mistakes)]
agreeing = np.corrcoef(*(ranks(F.avg_pool2d(each, 8).numpy()) for each in blocks))[0, 1]
print(f"rank correlation of invention and error, in blocks of 8 pixels: {agreeing:.2f}")

# %%
guess = predict(
    "A place where all answers agree: is it true?",
    ["yes", "often, but a network can be sure of something wrong", "never"],
)
guess

# %%
stable = [to_tensor(np.ascontiguousarray(crisp(np.ascontiguousarray(from_tensor(far[0], np.uint8)
          [:, ::step]))[:, ::step])) for step in (1, -1)]
figures.strip(
    {"asked once": stable[0], "asked in the mirror": stable[1], "truth": truths[0]}, columns=3,
    caption="The first plate again. The answers agree with each other, not with the truth.",
    alt="Two alike blurred plates and a clear one with other letters.",
)

# %%
guess.reveal("B", "Doubt is a warning; no doubt is no promise. The habit that was learned is "
             "stable, too.")

# %% [markdown]
# ## 5. Text and faces
#
# Does enlarging help to **read**? We shrink digits, add noise, enlarge them, and let a simple
# machine read: once from bicubic enlargement, once from the network's. The machine knows how each
# digit looks when it came the same way without noise, and takes the most similar one. Guessing
# would be right once in ten.

# %%
guess = predict(
    "Digits two or three pixels high: how much better does the machine read the network's result?",
    ["from 20 % right to nearly 100 %", "not at all, or hardly", "twice as good"],
)
guess

# %%
def read(size, enlarge, trials):
    clear = torch.cat([plate(str(digit), 4 * size)[..., : 4 * size] for digit in range(10)])
    tiny = F.interpolate(clear, size=(size, size), mode="bicubic", antialias=True).clamp(0, 1)
    known, right = enlarge(tiny).mean(1).flatten(1), []
    for seed in range(trials):
        noisy = GaussianNoise(sigma=25, seed=seed).apply(tiny, (size, size))
        away = torch.cdist(enlarge(noisy).mean(1).flatten(1), known)
        right += (away.argmin(1) == torch.arange(10)).tolist()
    return np.mean(right)

# %%
sizes, trials = (4, 5, 6, 8, 10), quick(6, 40)
ways = {
    "bicubic": lambda tiny: F.interpolate(tiny, scale_factor=4, mode="bicubic"),
    "lab-x4": crisp.upscale_tensor,
}
read_right = {name: [100 * read(size, enlarge, trials) for size in sizes]
              for name, enlarge in ways.items()}
with figures.plot(
    alt="Two rising curves close together, from about half to all right.",
    caption="How many digits are read right, against their height. The dotted line is guessing.",
) as axes:
    for name, share in read_right.items():
        axes.plot([0.5 * size for size in sizes], share, "o-", label=name)
    axes.axhline(10, color=figures.SOFT, linestyle=":")
    axes.set(xlabel="height of a digit / px", ylabel="read right / %", ylim=(0, 104))

# %%
gain = np.mean(read_right["lab-x4"]) - np.mean(read_right["bicubic"])
guess.reveal("B" if gain < 15 else "C", f"On average {gain:+.0f} percent. Enlarging adds no "
             "evidence: what noise and size took away is gone. But the result looks decided, and a "
             "person who sees it stops doubting. That is the danger.")

# %% [markdown]
# The same with a face. Here is one that everybody may look at: the astronaut Eileen Collins, NASA.
# Each row begins with fewer pixels. Would you recognise her in the last one?

# %%
face = photo("astronaut", 48, 172, 96, 96)
shown = {}
for scale in (4, 8, 16):
    small = shrink(face, scale)
    width = 96 // scale
    shown |= {f"seen, {width} px wide": small, f"enlarged from {width} px":
              crisp.upscale_tensor(small).clamp(0, 1), f"truth ({width})": face}
figures.strip(
    shown, columns=3,
    caption="The network draws something face-like each time. In the last row it is nobody's face.",
    alt="A woman's face; the fewer pixels were seen, the less the result is like her.",
)

# %% [markdown]
# Networks that were trained on faces alone would draw a **beautiful** face from 6 pixels: some face
# of their training, with its skin, its age, its sex. It would be nobody. This library has none, on
# purpose.

# %%
def enlarged(scale):
    small = shrink(face, scale)
    return figures.strip(
        {"seen": small, "enlarged": crisp.upscale_tensor(small).clamp(0, 1), "truth": face},
        caption=f"From {96 // scale} pixels.", alt="A small face, its enlargement, the truth.",
    )


explore(enlarged, scale=[2, 4, 8, 16])

# %% [markdown]
# ## 6. Say what was done
#
# A sharp picture tells nobody that half of it was drawn by a network. So the library writes it
# **into the file**: IPTC's word for "partly made by a trained algorithm", the model, the hash of
# its weights, the settings. Everybody can read it back.

# %%
guess = predict(
    "Somebody takes a screenshot of the result and passes that on. What is left of the note?",
    ["all of it", "nothing: it stands beside the pixels", "only the model's name"],
)
guess

# %%
write_picture(Picture(low), "seen.png", force=True)
terminal("realesr upscale seen.png -o result.png --model lab-x4 --force")
for sentence in provenance.read("result.png").sentences():
    print("-", sentence)

# %%
screenshot = Picture(read_picture("result.png").pixels)
write_picture(screenshot, "screenshot.png", force=True)
print("the screenshot says:", provenance.read("screenshot.png"))
guess.reveal("B", "Metadata helps honest people to stay honest. It is a statement, no proof, and "
             "it is lost easily. Keep the original, and show it beside the result.")

# %% [markdown]
# ### Exercise 10.3 · Your verdict
#
# When is enlarging with a network right? Give a dictionary from letter to `"yes"`, `"with a note"`
# or `"no"`.
#
# - **A** a poster of your own holiday photo, for your wall
# - **B** a number plate from a surveillance camera, for the police
# - **C** an X-ray picture, for a diagnosis
# - **D** an old newsreel in a documentary film
# - **E** textures of a computer game
# - **F** counting cars in a satellite picture, for statistics

# %% tags=["solution"]
verdict = {"A": "yes", "B": "no", "C": "no", "D": "with a note", "E": "yes", "F": "no"}

# %%
check("10.3", verdict)

# %% [markdown]
# ## Take away
#
# - **Many truths, one small picture.** Which one it was is not in the pixels. A network chooses.
# - **Consistent is not true, and stable is not true.** Both tests find errors; neither finds all.
# - **Sharp is a style; evidence needs the original.** Keep it, show it, and say what was done.
#
# How the library does it: `realesr honesty photo.jpg -o maps.png` draws both maps of any picture,
# `realesr upscale --consistent` takes contradictions away, and `realesr inspect` reads back what a
# file says of itself. **A GPU** makes the maps quicker, and no answer truer.
