# %% [markdown]
# # 8 · Build a data set
#
# **Question:** what should a network eat?
#
# You need: lesson 1. 50 minutes, and 30 for the exercises.
#
# A network believes its data. Show it photographs with JPEG blocks and call them the truth, and it
# learns to draw JPEG blocks. Show it the same picture for learning and for the examination, and it
# will pass without having learned anything. In this lesson you sort a heap of pictures, learn what
# each rule looks for, and publish a small data set that anybody may use.

# %%
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from course import check, photo, predict, quick
from course.terminal import own_hub, terminal
from data_tools.building import build
from data_tools.manifest import read_rows
from data_tools.settings import build_from
from data_tools.synthetic import make
from realesr import Picture, figures, read_picture, write_picture
from realesr.degradations import GaussianNoise, Jpeg, Resize
from realesr.images import from_tensor, to_tensor

# %% [markdown]
# ## 1. The heap
#
# Fourteen files, all of them PNG, 288 × 288 pixels. PNG is lossless, so all are perfect: or not?
# Some of them have a past. Their names say nothing, as in real life.

# %%
places = {"astronaut": (0, 130), "chelsea": (0, 60), "coffee": (60, 180), "rocket": (100, 150),
          "motorcycle_left": (100, 200), "brick": (0, 0), "grass": (0, 0), "gravel": (0, 0),
          "moon": (100, 100), "hubble_deep_field": (200, 200)}
heap = {name: photo(name, *place, 288, 288) for name, place in places.items()}
size = (288, 288)
small = Resize(factor=0.4, antialias=True).apply(heap["coffee"], size)
heap |= {
    "harbour": Jpeg(quality=30).apply(heap["chelsea"], size),
    "night": GaussianNoise(sigma=15, seed=1).apply(heap["motorcycle_left"], size),
    "poster": Resize(factor=1.0).apply(small, size),
    "twin": heap["astronaut"].flip(-1) * 0.95,
}
Path("heap").mkdir(exist_ok=True)
for name, image in heap.items():
    write_picture(Picture(from_tensor(image, np.uint8)), f"heap/{name}.png", force=True)

# %%
figures.strip(
    heap, columns=5, crop=(90, 90, 144, 144),
    caption="The middle of each file. Which would you not show to a network?",
    alt="Fourteen photographs: portrait, cat, cup, rocket, stones, grass, moon, stars and others.",
)

# %%
guess = predict(
    "How many of the fourteen will the rules leave out?",
    ["none: PNG keeps everything", "the one that is grainy", "four or more"],
)
guess

# %% [markdown]
# ## 2. The rules
#
# Each rule measures one thing in the **pixels**, because a file's name and type tell nothing. The
# eight-by-eight grid of JPEG stays when the file is saved as PNG. An enlarged picture has no fine
# waves. Noise is what stays when one takes away what neighbours have in common.

# %%
plan = build_from({"sources": [{"path": "heap", "licence": "CC0-1.0", "author": "scikit-image"}],
                   "validation": 0.25})
outcome = build(plan, Path("set"))
print(f"{outcome.found} found, {outcome.kept} kept")
for row in read_rows(Path("set/rejected.parquet")):
    print(f"  {row['source']:22} {row['rule']:9} {row['sentence']}")

# %%
guess.reveal("C", "Every decision is written down with its figure, so that you can disagree. Did "
             "you expect the moon? It came with scikit-image, and nobody told us that somebody had "
             "enlarged it. The pixels did.")

# %% [markdown]
# How does one see that a picture was enlarged? In its **spectrum**: how strong waves of each
# fineness are. Nature has a little of everything, falling like a straight line in this plot.
# Enlarging cannot make new fine waves, so the line breaks off.

# %%
def spectrum(image):
    gray = image.mean(1)[0] - image.mean()
    window = torch.hann_window(len(gray))
    power = torch.fft.fft2(gray * window * window[:, None]).abs().square()
    waves = torch.fft.fftfreq(len(gray))
    radius = ((waves[:, None] ** 2 + waves**2).sqrt() * len(gray)).round().long()
    total = torch.bincount(radius.flatten(), power.flatten())
    return (total / torch.bincount(radius.flatten()))[1 : len(gray) // 2]


# %%
leaves = to_tensor(make("leaves", seed=3, size=288))
with figures.plot(
    alt="Falling lines; those of the poster and the moon drop early, that of leaves is straight.",
    caption="Each line is one picture. The last, dead leaves, was drawn by a program.",
) as axes:
    for name in ("coffee", "poster", "moon", "leaves"):
        axes.loglog(spectrum(leaves if name == "leaves" else heap[name]), label=name)
    axes.set(xlabel="fineness / waves across the picture", ylabel="strength")

# %% [markdown]
# The last line is a gift. Overlapping disks of random size and colour have the same spectrum as
# photographs, and no photographer, no licence, and no end. `realesr-data synth` draws as many as
# you like; a part of what the bundled models learned from was drawn so.

# %%
kinds = ("leaves", "texture", "text", "drawing", "chart")
figures.strip(
    {kind: make(kind, seed=4, size=160) for kind in kinds}, columns=5,
    caption="Five kinds of pictures made of nothing, each from one number.",
    alt="Overlapping disks, a woven texture, a page of text, a line drawing, a chart.",
)

# %% [markdown]
# ## 3. Copies
#
# A copy is not always the same file. It may be smaller, darker, mirrored, saved again. A
# **perceptual hash** writes down 256 yes-or-no facts about the coarse look of a picture. Copies
# agree in nearly all of them; strangers in about half.

# %%
from realesr.quality.duplicates import copies, fingerprint

changed = {
    "the same, JPEG 30": Jpeg(quality=30).apply(heap["astronaut"], size),
    "darker": heap["astronaut"] * 0.8,
    "noise 15": GaussianNoise(sigma=15, seed=2).apply(heap["astronaut"], size),
    "2 % cut off": heap["astronaut"][..., 3:-3, 3:-3].contiguous(),
    "mirrored": heap["astronaut"].flip(-1),
    "another picture": heap["coffee"],
}

# %%
guess = predict(
    "Which of these changes the hash most, apart from the other picture?",
    ["JPEG of quality 30", "noise of 15 levels", "mirroring"],
)
guess

# %%
def apart_from(first, second):
    prints = [fingerprint(from_tensor(image, np.uint8)) for image in (first, second)]
    return copies(prints, near=256)[0].bits


apart = {name: apart_from(heap["astronaut"], image) for name, image in changed.items()}
with figures.plot(
    alt="Short bars for JPEG, darker and noise, a middle one for the cut, two long ones.",
    caption="How many of 256 facts changed. The rule calls 56 or fewer a copy.",
) as axes:
    axes.barh(list(apart), list(apart.values()))
    axes.axvline(56, color=figures.ORANGE, linestyle=":")
    axes.set(xlabel="facts that differ / of 256", ylabel="what was done to it")
    axes.invert_yaxis()

# %%
guess.reveal("C", "To the hash a mirrored picture is another one. So the rule compares each "
             "picture upright and mirrored: that is how it found the twin in the heap.")

# %% [markdown]
# ### Exercise 8.1 · Bits
#
# A hash is written as hexadecimal digits, four bits each. Write `bits(a, b)`: in how many bits do
# two hashes of equal length differ? `bits("f0", "0f")` is 8, `bits("a1", "a3")` is 1.

# %% tags=["solution"]
def bits(a, b):
    return (int(a, 16) ^ int(b, 16)).bit_count()

# %%
check("08.1", bits)

# %% [markdown]
# ## 4. Leakage: the examination was known
#
# Here is a "network" that learns nothing. It only **remembers**: for each small patch it looks up
# the most similar one it has seen, and copies what stood there in the large picture. We examine it
# twice. First the crops are mixed and then split; crops overlap, as in most data sets. Then whole
# photographs are held out.

# %%
def patches(image):
    low = F.avg_pool2d(image, 4)
    return F.unfold(low, 3, padding=1)[0].T, F.unfold(image, 4, stride=4)[0].T


def remember(learned, examined):
    keys, values = (torch.cat(parts) for parts in zip(*map(patches, learned), strict=True))
    error = []
    for image in examined:
        asked, wanted = patches(image)
        nearest = torch.cdist(asked, keys).argmin(1)
        error.append((values[nearest] - wanted).square().mean())
    return -10 * torch.log10(torch.stack(error).mean())

# %%
guess = predict(
    "By how much is the score too good when crops are mixed before they are split?",
    ["not at all", "about 0.1 dB", "several dB"],
)
guess

# %%
photos = ["astronaut", "chelsea", "coffee", "motorcycle_left", "rocket", "gravel"]
places = [(top, left) for top in range(0, 193, 48) for left in range(0, 193, 48)]
crops = {(name, top, left): heap[name][..., top : top + 96, left : left + 96]
         for name in photos for top, left in places}
asked = [key for key in crops if key[0] in photos[:2]][:: quick(5, 2)]
scores = {
    "crops mixed": [crop for key, crop in crops.items() if key not in asked],
    "photographs held out": [crop for key, crop in crops.items() if key[0] not in photos[:2]],
}
for name, learned in scores.items():
    scores[name] = remember(learned, [crops[key] for key in asked])
    print(f"{name}: {scores[name]:.2f} dB on the same {len(asked)} crops")

# %%
gap = scores["crops mixed"] - scores["photographs held out"]
guess.reveal("C" if gap > 1 else "B", f"Here {gap:.1f} dB, for a network that has learned nothing "
             "at all. Always split by photograph, and look for copies on both sides first.")

# %% [markdown]
# ### Exercise 8.2 · A split without a leak
#
# Crops are called `PHOTO_NUMBER.png`, such as `cat_03.png`. Write `split(names, share)`: it gives
# the list of names that are held out. All crops of a photo lie on the same side; about `share` of
# the photos are held out, at least one and never all; and another **order** of the names changes
# nothing.

# %% tags=["solution"]
def split(names, share):
    photos = sorted({name.rpartition("_")[0] for name in names})
    count = min(max(1, round(share * len(photos))), len(photos) - 1)
    held = photos[:count]  # better: order them by a hash, so that names tell nothing
    return [name for name in names if name.rpartition("_")[0] in held]

# %%
check("08.2", split)

# %% [markdown]
# ## 5. Whose pictures are they?
#
# A picture on the Web belongs to somebody. A **licence** is how that person says what you may do.
# Four letters decide nearly everything:
#
# - **BY**: name the author. **NC**: no commercial use. **ND**: no changed versions. **SA**: what
#   you make of it must have the same licence.
# - **CC0** and public domain: do what you like. **No licence at all**: you may do nothing.

# %%
guess = predict(
    "A photo is CC-BY-ND: no changed versions. May it be in a training set that you publish?",
    ["yes, the photo itself is not changed", "rather not: crops and trained models may be versions",
     "yes, if the author is named"],
)
guess

# %%
from realesr.hub.licences import Part, examine

for licence in ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", ""):
    found = list(examine("CC-BY-4.0", [Part("photos", "pictures", licence)]))
    print(f"{licence or 'nothing said':14}", *[each.sentence for each in found] or ["no doubt"])

# %%
guess.reveal("B", "It is disputed, so the library takes the strict reading and says so. It "
             "compares what licences say of themselves; it is no lawyer.")

# %% [markdown]
# ### Exercise 8.3 · Leave out
#
# You want to publish a data set under **CC-BY-4.0** and list the authors. Which of these must stay
# out? Give a set of letters.
#
# - **A** a museum's scan, CC0 · **B** a blog's photo, nothing said · **C** CC-BY-NC
# - **D** CC-BY, author known · **E** CC-BY-ND · **F** your own photo of a street

# %% tags=["solution"]
left_out = {"B", "C", "E"}

# %%
check("08.3", left_out)

# %% [markdown]
# ## 6. Publish it: on a Hub that is only yours
#
# The project brings a small Hugging Face Hub along that runs inside this notebook. The real client
# speaks to it, but nothing leaves the machine. First a **dry run**, which sends nothing; then
# `--yes`; then everything is fetched back and compared.

# %%
hub = own_hub()
terminal("realesr-data push set --repo ada/small-heap", hub, most=34)

# %%
terminal("realesr-data push set --repo ada/small-heap --yes", hub)
terminal("realesr-data verify ada/small-heap --against set", hub)

# %%
from data_tools.publishing.planning import contact_sheet

rows = list(read_rows(Path("set/manifest.parquet")))
Path("sheet.jpg").write_bytes(contact_sheet(Path("set"), rows))
figures.strip(
    {"what visitors see first": read_picture("sheet.jpg").pixels}, columns=1,
    caption="The card's contact sheet. The card has the licences, the credits and the rules, too.",
    alt="Small versions of the pictures that were kept, side by side.",
)

# %% [markdown]
# **For real**: make an account, a token with write access at huggingface.co/settings/tokens, run
# `hf auth login`, and type the same lines. New repositories are private until you say `--public`.
# Every byte is searched for tokens, names of your folders and places in photographs before anything
# is sent.
#
# ## Take away
#
# - **Provenance**: whose is it, and what happened to it? The pixels answer the second.
# - **Split by photograph**, and look for copies first.
# - **Write every decision down**, with its figure. Then others can check it, and so can you in a
#   year.
#
# How the library does it: `realesr-data build photos -o set` is section 2 for any number of
# pictures, stopped and resumed at will; docs/data-sets.md lists every rule. **A GPU** changes
# nothing here: building a data set is work for processors, disks and people.
