# %% [markdown]
# # 3 · Inside the generators
#
# **Question:** why these layers, and not others?
#
# You need: lesson 2. 60 minutes, and 25 for the exercises.
#
# A generator is a stack of simple layers. We open two of them: **Compact**, the small network
# behind `lab-x4`, and **RRDBNet**, the large one of the ESRGAN papers. For each idea we ask: what
# breaks without it?

# %%
import copy
import time

import torch
from torch import nn
from torch.nn import functional as F
from course import check, explore, photo, predict, quick
from course.training import fresh
from realesr import figures
from realesr.degradations import Resize
from realesr.models.blending import blend_models
from realesr.models.compact import Compact
from realesr.models.loading import load_model
from realesr.models.rrdbnet import ResidualDenseBlock, RRDBNet
from realesr.randomness import spawn

# %% [markdown]
# ## 1. What the layers see
#
# `lab-x4` is a column of 18 convolutions, each 3 × 3, with 64 channels in between. We feed it a
# small cat and stop after the first, a middle and the last-but-one layer. Each channel is a
# picture of its own: gray is 0, orange above, blue below.

# %%
truth = photo("chelsea", 40, 90, 160, 192)
low = Resize(factor=0.25, antialias=True).apply(truth, (160, 192)).clamp(0, 1)
model = load_model("lab-x4")
network = model.network.requires_grad_(False)


def after(count):
    """What stands after so many layers (each is a convolution and its activation)."""
    features = low
    for layer in network.body[: 2 * count]:
        features = layer(features)
    return features[0]


# %%
figures.strip(
    {f"layer {count}, channel {channel}": figures.Signed(after(count)[channel])
     for count in (1, 8, 16) for channel in (1, 5, 9, 30)},
    caption="Early channels are edges of one direction; later ones are harder to name.",
    alt="Twelve maps of a cat's face in gray, orange and blue; early ones outline its edges.",
)

# %%
def channel_of(layer, channel):
    return figures.strip(
        {"input": low, f"layer {layer}, channel {channel}": figures.Signed(after(layer)[channel])},
        caption="What one channel answers to.", alt="The small cat, and one channel of one layer.",
    )


explore(channel_of, layer=(1, 17), channel=(0, 63))

# %% [markdown]
# ## 2. Without the shortcut
#
# Compact's last line adds the input, enlarged by repeating pixels. So the layers only say what is
# missing. Let us switch each half off.

# %%
guess = predict(
    "What does the network give without the added input?",
    ["the same picture, a little darker", "only edges and texture, around 0", "noise"],
)
guess

# %%
whole = network(low)
added = F.interpolate(low, scale_factor=4, mode="nearest")
detail = (whole - added).mean(dim=1)[0]
figures.strip(
    {"input, repeated": added, "what the layers say": figures.Signed(detail, 0.3),
     "sum": whole, "truth": truth},
    crop=(30, 20, 100, 100),
    caption="The layers only say what the blocks of repeated pixels lack.",
    alt="Coarse blocks; a gray map with orange and blue edges; a crisp cat's eye; the truth.",
)

# %%
guess.reveal(
    "B",
    "That is residual learning. The sum starts as a fair picture before the first step of "
    "training, and every step makes it better.",
)

# %% [markdown]
# ## 3. How far a pixel looks
#
# A 3 × 3 convolution sees one pixel in each direction, the next one another. How far does **one
# output pixel** of an 18-layer column look? We ask the gradient: which input pixels would change
# it?

# %%
guess = predict(
    "18 convolutions of 3 × 3: how many input pixels in each direction matter at all? "
    "And where do 95 percent of the effect come from?",
    ["18, and nearly all of them count", "18, but most comes from much nearer", "54"],
)
guess

# %%
scene = Resize(factor=0.25).apply(photo("coffee", 0, 0, 260, 260), (260, 260)).clamp(0, 1)
scene = scene.requires_grad_(True)
network(scene)[0, 1, 130, 130].backward()
effect = scene.grad[0].abs().sum(0)
rows, columns = torch.meshgrid(torch.arange(65) - 32, torch.arange(65) - 32, indexing="ij")
distance = torch.maximum(rows.abs(), columns.abs())
inside = [float(effect[distance <= reach].sum() / effect.sum()) for reach in range(33)]
reach = next(place for place, share in enumerate(inside) if share > 0.95)
figures.strip(
    {"effect on one output pixel": figures.Magnitude(effect.clamp(min=1e-12).log10() + 12, 12)},
    zoom=6, caption=f"Logarithm of the effect, in powers of ten. 95 percent lie within {reach} px.",
    alt="A bright spot in the middle of a square that fades out and ends in a sharp border.",
)

# %%
with figures.plot(
    alt="A curve that rises steeply within a few pixels and reaches exactly 1 at 18.",
    caption="The share reaches exactly 1 at the number of convolutions, and not before.",
) as axes:
    axes.plot(range(33), inside)
    axes.axvline(network.radius, color=figures.ORANGE, linestyle="--", label="convolutions: 18")
    axes.set(xlabel="distance / input px", ylabel="share of the effect within it")

# %%
guess.reveal(
    "B",
    "The reach is exactly the number of layers, and no pixel beyond it matters at all. But "
    "there are many more ways to near pixels than to far ones. Lesson 7 lives on this.",
)

# %% [markdown]
# ## 4. Dense blocks: keep every draft
#
# RRDBNet's building stone reads **everything before it**: layer 2 sees the input and layer 1's
# answer, layer 3 sees those and layer 2's, and so on. Nothing is overwritten.

# %%
block = ResidualDenseBlock(64, 32)
for name, layer in block.named_children():
    count = sum(each.numel() for each in layer.parameters())
    print(f"{name}: reads {layer.in_channels:3d} channels, writes {layer.out_channels}, {count:,}")
together = sum(each.numel() for each in block.parameters())
print(f"together {together:,}; RRDBNet-23 has 69 such blocks")

# %% [markdown]
# And why is the result of each block multiplied by 0.2 before it is added? Let a signal run
# through 69 blocks with random weights, and turn that number.

# %%
guess = predict(
    "With 1.0 instead of 0.2, what becomes of the signal after 69 blocks?",
    ["nothing special", "it fades to 0", "it grows by many powers of ten"],
)
guess

# %%
def lively(number):
    block = fresh(lambda: ResidualDenseBlock(16, 8), number)
    for layer in block.children():
        layer.weight.data *= 6
    return block.requires_grad_(False)


def strengths(share):
    signal, found = torch.randn(1, 16, 16, 16, generator=spawn(1)), []
    for number in range(69):
        block = lively(number)
        signal = signal + share * (block(signal) - signal) / 0.2
        found.append(float(signal.std()))
    return found

# %%
with figures.plot(
    alt="Curves over 69 blocks; with 0.2 nearly level, with 1.0 rising by powers of ten.",
    caption="How strong the signal is after each block, for four shares.",
) as axes:
    for share in (0.1, 0.2, 0.5, 1.0):
        axes.plot(range(1, 70), strengths(share), label=f"share {share}")
    axes.set(xlabel="block", ylabel="strength (standard deviation)", yscale="log")

# %%
guess.reveal(
    "C",
    "Each block adds its own energy. A small share keeps 69 of them together without the "
    "batch normalisation that older networks needed, and that left stains in pictures.",
)

# %% [markdown]
# ## 5. Checkerboards
#
# A *transposed convolution* enlarges by laying copies of its kernel side by side. Do they cover all
# pixels equally often?

# %%
guess = predict(
    "Copies two pixels apart (stride 2). Which kernel covers all pixels equally often?",
    ["3 × 3", "4 × 4", "5 × 5"],
)
guess

# %%
def covered(kernel, stride=2):
    ones = torch.ones(1, 1, 8, 8)
    return F.conv_transpose2d(ones, torch.ones(1, 1, kernel, kernel), stride=stride)[0, 0]


figures.strip(
    {f"kernel {kernel}, stride 2": figures.Magnitude(covered(kernel), unit="times")
     for kernel in (3, 4, 5)},
    zoom=12, caption="How often each output pixel is touched. Uneven cover is a checkerboard.",
    alt="A grid pattern; an even square; another grid pattern.",
)

# %%
guess.reveal(
    "B",
    "Only when the kernel is a multiple of the stride do the copies fit. Odd kernels, which "
    "everybody uses elsewhere, leave a grid.",
)

# %% [markdown]
# So everybody changed to **pixel shuffle**. Is the checkerboard gone? We give five untrained
# layers an entirely flat input. What they make of it is their own pattern.

# %%
guess = predict(
    "Which of them leave a flat input flat before any training?",
    ["all but the transposed convolution with 3 × 3",
     "pixel shuffle and resize-then-convolve", "only resize-then-convolve, and ICNR weights"],
)
guess

# %%
def conv(outputs):
    return nn.Conv2d(8, outputs, 3, padding=1, bias=False)


shuffle = fresh(lambda: nn.Sequential(conv(4), nn.PixelShuffle(2)))
even = copy.deepcopy(shuffle)
even[0].weight.data = even[0].weight.data[:1].repeat_interleave(4, dim=0)
layers = {
    "transposed, kernel 3": fresh(lambda: nn.ConvTranspose2d(8, 1, 3, 2, bias=False)),
    "transposed, kernel 4": fresh(lambda: nn.ConvTranspose2d(8, 1, 4, 2, bias=False)),
    "pixel shuffle": shuffle,
    "pixel shuffle, ICNR": even,
    "resize, then convolve": fresh(lambda: nn.Sequential(nn.Upsample(scale_factor=2), conv(1))),
}

# %%
flat = torch.ones(1, 8, 16, 16)
with torch.no_grad():
    made = {name: layer(flat)[0, 0, 8:24, 8:24] for name, layer in layers.items()}
figures.strip(
    {name: figures.Signed(each - each.mean(), 0.6) for name, each in made.items()},
    columns=5, zoom=9,
    caption="The pattern that each layer paints on a flat wall, its mean taken away.",
    alt="Five squares: three with a strong grid, two of even gray.",
)

# %%
guess.reveal(
    "C",
    "Pixel shuffle alone does not cure it: its four channels begin with four different "
    "weights. ICNR begins with four equal ones. Training may unlearn a grid, or not.",
)

# %% [markdown]
# ## 6. Parameters are not seconds
#
# Four networks enlarge the same small picture four times. Weights are counted, seconds are
# measured.

# %%
guess = predict(
    "srcnn-x4 has 20 thousand weights, lab-x4 has 30 times as many. How much slower is it?",
    ["about 30 times", "about 10 times", "less than 5 times"],
)
guess

# %%
racers = {
    "srcnn-x4": load_model("srcnn-x4").network,
    "lab-x4": network,
    "Compact, 32 layers": fresh(lambda: Compact(convolutions=32)),
    f"RRDBNet, {quick(2, 6)} blocks": fresh(lambda: RRDBNet(blocks=quick(2, 6))),
}
field, race = torch.rand(1, 3, 48, 64, generator=spawn(0)), {}
for name, racer in racers.items():
    with torch.inference_mode():
        racer(field)
        begun = time.process_time()
        for _ in range(quick(2, 5)):
            racer(field)
    seconds = (time.process_time() - begun) / quick(2, 5)
    race[name] = (sum(each.numel() for each in racer.parameters()), seconds)

# %%
with figures.plot(
    alt="Four labelled points: weights differ by hundreds, seconds by much less.",
    caption="Each network at the same work; both axes are logarithmic.",
) as axes:
    for name, (count, seconds) in race.items():
        axes.plot(count, seconds, "o", label=f"{name}: {count:,}, {seconds:.2f} s")
    axes.set(xlabel="weights", ylabel="processor seconds", xscale="log", yscale="log")

# %%
guess.reveal(
    "C",
    "SRCNN's few weights run over the large picture, sixteen times as many pixels. What "
    "costs is weights × pixels. On a GPU the gap changes again: it likes large layers.",
)

# %% [markdown]
# ## 7. Surgery
#
# `lab-x4` (crisp) and `lab-x4-fidelity` (faithful) are the same network with other weights. Mix the
# weights, number by number: does the mixture work, or is it nonsense?

# %%
guess = predict(
    "Half of each weight from one network, half from the other?",
    ["noise", "a picture between the two", "the same as the better one"],
)
guess

# %%
faithful = load_model("lab-x4-fidelity")


def mixed(share):
    with torch.inference_mode():
        return blend_models(model, faithful, share).network(low)


figures.strip(
    {f"{share:.0%} crisp": mixed(share) for share in (0.0, 0.5, 1.0)} | {"truth": truth},
    crop=(30, 20, 100, 100),
    caption="One network's weights, mixed. The mixture costs no more than either.",
    alt="A cat's eye four times: soft, in between, crisp, and the truth.",
)

# %%
guess.reveal(
    "B",
    "It works because one was trained starting from the other, so that their weights still "
    "lie close together. Two networks from different first weights would give mud.",
)

# %%
def dial(share):
    return figures.strip({"mixture": mixed(share), "truth": truth}, crop=(30, 20, 100, 100),
                         caption=f"{share:.0%} crisp.", alt="A cat's eye and the truth.")


explore(dial, share=(0.0, 1.0, 0.1))

# %% [markdown]
# ## Exercises
#
# **1. What a pixel sees.** `layers` is a list of `(kernel, stride)`, from the input on. Write
# `field_of(layers)`: how many input pixels across one output pixel sees. One 3 × 3 layer: 3.

# %% tags=["solution"]
def field_of(layers):
    """Return the side of what one output pixel sees."""
    side, step = 1, 1
    for kernel, stride in layers:
        side += (kernel - 1) * step
        step *= stride
    return side


# %%
check("03.1", field_of)

# %% [markdown]
# **2. Even cover.** Write `evenly(kernel, stride)`: does a transposed convolution touch every pixel
# (away from the border) equally often?

# %% tags=["solution"]
def evenly(kernel, stride):
    """Return True when every pixel is covered equally often."""
    return kernel % stride == 0


# %%
check("03.2", evenly)

# %% [markdown]
# **3. ICNR.** `weight` has the shape (C · scale · scale) × inputs × 3 × 3. Write `icnr(weight,
# scale)`: weights of the same shape and size with which pixel shuffle leaves a flat picture flat.

# %% tags=["solution"]
def icnr(weight, scale):
    """Return weights that are equal within each square of pixels."""
    return weight[:: scale**2].repeat_interleave(scale**2, dim=0)


# %%
check("03.3", icnr)

# %% [markdown]
# **4. Count.** Write `dense(features, growth)`: all weights and biases of a `ResidualDenseBlock`.

# %% tags=["solution"]
def dense(features, growth):
    """Return the number of weights and biases."""
    reads = [features + layer * growth for layer in range(5)]
    writes = [growth] * 4 + [features]
    return sum(9 * read * write + write for read, write in zip(reads, writes, strict=True))


# %%
check("03.4", dense)

# %% [markdown]
# ## How the library does it
#
# One file for each network in `realesr/models/`, with the papers' parameter names, so that official
# weights load as they are. Every network knows its `radius`, and tiles are cut by it. `realesr
# models list` says which there are, `--denoise` mixes a model with its partner as in section 7.
#
# A GPU changes section 6: there, RRDBNet is only a few times slower than Compact, because large
# layers keep it busy.
#
# ## Take away
#
# 1. An architecture says what may look at what, and at which resolution.
# 2. Shortcuts let the layers learn only what is missing, and keep deep stacks alive.
# 3. Weights × pixels is time; weights alone are not.
