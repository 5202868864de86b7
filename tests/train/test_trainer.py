"""The trainer's arithmetic: one step of each stage against a script without any of its parts."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.nn import functional as F

from realesr import losses
from realesr.train.config import (
    DataConfig,
    EngineConfig,
    GanConfig,
    LossConfig,
    NetworkConfig,
    OptimiserConfig,
    Sharpen,
    TrainConfig,
)
from realesr.train.engine import learning_rate, make_accelerator
from realesr.train.pairs import Batch
from realesr.train.trainer import Trainer


def config(**changes) -> TrainConfig:
    said = {
        "name": "test",
        "output": "unused",
        "steps": 100,
        "batch_size": 4,
        "data": DataConfig(pictures=("samples",), crop=64, patch=32),
        "network": NetworkConfig(features=8, convolutions=1),
        "optimiser": OptimiserConfig(learning_rate=1e-4),
        "engine": EngineConfig(precision="fp32"),
    }
    return TrainConfig(**{**said, **changes})


def batch(seed: int, count: int = 4) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    hr = torch.rand(count, 3, 32, 32, generator=generator)
    lr = F.avg_pool2d(hr, 4)
    sharp = (1.1 * hr - 0.05).clamp(0, 1)
    return Batch(hr=hr, lr=lr, traces=(), sharp=sharp)


def trainer(**changes) -> Trainer:
    return Trainer(config(**changes), make_accelerator(cpu=True))


def same(ours: torch.nn.Module, theirs: torch.nn.Module, tolerance: float = 1e-6) -> None:
    for (name, one), other in zip(
        ours.state_dict().items(), theirs.state_dict().values(), strict=True
    ):
        assert (one - other).abs().max() <= tolerance, name


def test_three_steps_of_stage_one_are_the_reference_steps():
    ours = trainer()
    network = copy.deepcopy(ours.networks["generator"])
    average = {name: value.clone() for name, value in network.state_dict().items()}
    adam = torch.optim.Adam(network.parameters(), lr=1e-4, betas=(0.9, 0.99))
    for step in range(1, 4):
        pictures = batch(step)
        said = ours.train_step([pictures])
        adam.zero_grad()
        loss = (network(pictures.lr) - pictures.sharp).abs().mean()
        loss.backward()
        adam.step()
        decay = min(0.999, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            average[name] = decay * average[name] + (1 - decay) * value
        assert float(said["loss"]) == pytest.approx(float(loss.detach()), abs=1e-6)
        same(ours.networks["generator"], network)
    for name, value in ours.average.network.state_dict().items():
        assert (value - average[name]).abs().max() <= 1e-6


def test_three_steps_of_stage_two_are_the_reference_steps():
    ours = trainer(gan=GanConfig(features=8, learning_rate=2e-4), sharpen=Sharpen(pixel=True))
    generator = copy.deepcopy(ours.networks["generator"])
    judge = copy.deepcopy(ours.networks["discriminator"])
    adam = torch.optim.Adam(generator.parameters(), lr=1e-4, betas=(0.9, 0.99))
    adam_judge = torch.optim.Adam(judge.parameters(), lr=2e-4, betas=(0.9, 0.99))
    for step in range(1, 4):
        pictures = batch(step)
        said = ours.train_step([pictures])
        for weight in judge.parameters():
            weight.requires_grad_(False)
        adam.zero_grad()
        fake = generator(pictures.lr)
        pixel = (fake - pictures.sharp).abs().mean()
        opinion = judge(fake)
        gan = 0.1 * F.binary_cross_entropy_with_logits(opinion, torch.ones_like(opinion))
        (pixel + gan).backward()
        adam.step()
        for weight in judge.parameters():
            weight.requires_grad_(True)
        adam_judge.zero_grad()
        real_logits = judge(pictures.hr)
        real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
        real.backward()
        fake_logits = judge(fake.detach())
        made = F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
        made.backward()
        adam_judge.step()
        assert float(said["gan"]) == pytest.approx(float(gan.detach()), abs=1e-6)
        assert float(said["d_real_loss"]) == pytest.approx(float(real.detach()), abs=1e-6)
        assert float(said["d_fake"]) == pytest.approx(
            float(fake_logits.detach().sigmoid().mean()), abs=1e-6
        )
        same(ours.networks["generator"], generator)
        same(ours.networks["discriminator"], judge)


def test_passes_of_a_step_are_one_large_pass():
    whole = trainer()
    parts = trainer(engine=EngineConfig(precision="fp32", accumulate=2))
    for step in range(3):
        pictures = batch(step)
        images = (pictures.hr, pictures.lr, pictures.sharp)
        halves = [
            Batch(hr=hr, lr=lr, traces=(), sharp=sharp)
            for hr, lr, sharp in zip(*(each.split(2) for each in images), strict=True)
        ]
        one, two = whole.train_step([pictures]), parts.train_step(halves)
        assert float(one["loss"]) == pytest.approx(float(two["loss"]), abs=1e-5)
    # Adam remembers the gradients themselves; its steps would hide how large they were.
    states = [each.optimisers["generator"].state_dict()["state"] for each in (whole, parts)]
    for one, two in zip(*(state.values() for state in states), strict=True):
        assert (one["exp_avg"] - two["exp_avg"]).abs().max() <= 1e-6


def test_each_sharpening_switch_moves_its_own_loss():
    pictures = batch(0)
    plain = Sharpen(input=False, pixel=False, perceptual=False, adversarial=False)
    said = trainer(gan=GanConfig(features=8), sharpen=plain).train_step([pictures])
    for name, moved in (("pixel", "pixel"), ("adversarial", "d_real_loss")):
        changed = Sharpen(**{**vars(plain), name: True})
        other = trainer(gan=GanConfig(features=8), sharpen=changed).train_step([pictures])
        differ = {key for key in said if float(said[key]) != float(other[key])}
        assert moved in differ
        assert ("pixel" in differ) == (name == "pixel")


def test_the_discriminator_learns_alone_until_its_start():
    ours = trainer(gan=GanConfig(features=8, start_step=2))
    before = copy.deepcopy(ours.networks["generator"])
    judge = copy.deepcopy(ours.networks["discriminator"])
    for step in range(2):
        said = ours.train_step([batch(step)])
        assert "loss" not in said
    same(ours.networks["generator"], before, 0)
    moved = ours.networks["discriminator"].conv9.weight - judge.conv9.weight
    assert moved.abs().max() > 0
    assert "loss" in ours.train_step([batch(2)])
    assert (ours.networks["generator"].body[0].weight - before.body[0].weight).abs().max() > 0


def test_a_step_that_is_no_number_changes_nothing():
    ours = trainer(gan=GanConfig(features=8))
    ours.train_step([batch(0)])
    weights = copy.deepcopy(ours.networks["generator"])
    average = copy.deepcopy(ours.average.network)
    broken = batch(1)
    broken.lr[0, 0, 0, 0] = torch.nan
    ours.train_step([broken])
    assert ours.skipped == 1
    same(ours.networks["generator"], weights, 0)
    same(ours.average.network, average, 0)
    ours.train_step([batch(2)])
    assert ours.skipped == 0
    assert all(torch.isfinite(each).all() for each in ours.networks["generator"].parameters())


def test_clipping_bounds_the_step():
    free = trainer(optimiser=OptimiserConfig(learning_rate=1e-3))
    held = trainer(optimiser=OptimiserConfig(learning_rate=1e-3, clip=1e-4))
    one, two = free.train_step([batch(0)]), held.train_step([batch(0)])
    # What is written down is the norm before clipping.
    assert float(one["generator_gradient"]) == float(two["generator_gradient"]) > 1e-4
    state = held.optimisers["generator"].state_dict()["state"]
    seen = torch.sqrt(sum((each["exp_avg"] / 0.1).square().sum() for each in state.values()))
    assert float(seen) == pytest.approx(1e-4, rel=1e-3)


def test_checkpointing_changes_nothing_but_memory():
    network = NetworkConfig(architecture="rrdbnet", features=8, blocks=2, growth=4)
    plain = trainer(network=network)
    spare = trainer(
        network=network, engine=EngineConfig(precision="fp32", gradient_checkpointing=True)
    )
    for step in range(2):
        plain.train_step([batch(step)])
        spare.train_step([batch(step)])
    same(plain.networks["generator"], spare.networks["generator"], 0)


def test_bf16_stays_near_fp32():
    plain, narrow = trainer(), trainer(engine=EngineConfig(precision="bf16"))
    for step in range(3):
        one, two = plain.train_step([batch(step)]), narrow.train_step([batch(step)])
        assert float(one["loss"]) == pytest.approx(float(two["loss"]), rel=0.01)
    assert all(each.dtype == torch.float32 for each in narrow.networks["generator"].parameters())


def test_every_loss_is_counted_in():
    losses = LossConfig(frequency_weight=0.5, artifact_weight=0.5, pixel="charbonnier")
    said = trainer(gan=GanConfig(features=8, kind="hinge"), losses=losses).train_step([batch(0)])
    parts = sum(float(said[name]) for name in ("pixel", "frequency", "artifact", "gan"))
    assert float(said["loss"]) == pytest.approx(parts, rel=1e-5)


def test_two_trainers_of_one_seed_are_one():
    one, two = trainer(gan=GanConfig(features=8)), trainer(gan=GanConfig(features=8))
    other = trainer(gan=GanConfig(features=8), seed=1)
    for step in range(2):
        one.train_step([batch(step)])
        two.train_step([batch(step)])
    same(one.networks["generator"], two.networks["generator"], 0)
    assert (
        one.networks["generator"].body[0].weight - other.networks["generator"].body[0].weight
    ).abs().max() > 0.01


@pytest.mark.parametrize("gan", [None, GanConfig(features=8)])
def test_a_trainer_goes_on_from_its_state(gan):
    straight, stopped = trainer(gan=gan), trainer(gan=gan)
    for step in range(2):
        straight.train_step([batch(step)])
        stopped.train_step([batch(step)])
    tensors, documents = copy.deepcopy(stopped.state())
    again = trainer(gan=gan, seed=5)
    assert sorted(again.state_files()) == sorted(tensors)
    again.load_state(tensors, documents["state"])
    for step in range(2, 4):
        straight.train_step([batch(step)])
        again.train_step([batch(step)])
    assert again.step == straight.step == 4
    for role, network in straight.networks.items():
        same(network, again.networks[role], 0)
    same(straight.average.network, again.average.network, 0)


class Corners(torch.nn.Module):
    """A perceptual distance that fits on a line: random filters, mean absolute difference."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.register_buffer("filters", torch.randn(5, 3, 3, 3, generator=generator))

    def forward(self, prediction, target):
        return (F.conv2d(prediction, self.filters) - F.conv2d(target, self.filters)).abs().mean()


def test_the_whole_loss_of_stage_two_is_the_papers():
    """Pixels, structure, features against the sharpened photo, spectrum, artifacts, the judge."""
    chosen = LossConfig(
        perceptual_weight=0.7,
        structure_weight=0.2,
        frequency_weight=0.3,
        artifact_weight=0.9,
        pixel="mse",
    )
    ours = trainer(gan=GanConfig(features=8), losses=chosen)
    ours.objective.perceptual = corners = Corners()
    ours.train_step([batch(0)])
    pictures = batch(1)
    twin = trainer(gan=GanConfig(features=8), losses=chosen)
    tensors, documents = copy.deepcopy(ours.state())
    twin.load_state(tensors, documents["state"])
    generator, judge, average = *twin.networks.values(), twin.average.network
    said = ours.train_step([pictures])
    fake, sharp = generator(pictures.lr), pictures.sharp
    with torch.no_grad():
        smoothed = average(pictures.lr)
    logits = judge(fake)
    terms = {
        "pixel": (fake - sharp).square().mean(),
        "perceptual": 0.7 * corners(fake, sharp),
        "structure": 0.2 * losses.structure(fake, sharp),
        "frequency": 0.3 * losses.frequency(fake, sharp),
        "artifact": 0.9 * losses.artifact(fake, smoothed, sharp),
        "gan": 0.1 * F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)),
    }
    for name, term in terms.items():
        assert float(said[name]) == pytest.approx(float(term.detach()), rel=1e-5), name
    generator.zero_grad()
    sum(terms.values()).backward()
    norm = torch.sqrt(sum(each.grad.square().sum() for each in generator.parameters()))
    assert float(said["generator_gradient"]) == pytest.approx(float(norm), rel=1e-4)


def test_the_perceptual_target_follows_its_switch():
    plain = Sharpen(input=False, pixel=False, perceptual=False, adversarial=False)
    found = []
    for sharpen in (plain, Sharpen(**{**vars(plain), "perceptual": True})):
        ours = trainer(sharpen=sharpen)
        ours.objective.perceptual = Corners()
        found.append(ours.train_step([batch(0)]))
    assert float(found[0]["perceptual"]) != float(found[1]["perceptual"])
    assert float(found[0]["pixel"]) == float(found[1]["pixel"])


def test_the_generator_warms_up_when_it_begins():
    warm = OptimiserConfig(learning_rate=1e-3, warmup=4)
    ours = trainer(optimiser=warm, gan=GanConfig(features=8, start_step=2, learning_rate=1e-2))
    rates = []
    for step in range(7):
        ours.train_step([batch(step)])
        rates.append((ours.learning_rate("generator"), ours.learning_rate("discriminator")))
    assert [rate for rate, _ in rates] == pytest.approx([0, 0, 2.5e-4, 5e-4, 7.5e-4, 1e-3, 1e-3])
    assert [rate for _, rate in rates[:5]] == pytest.approx([2.5e-3, 5e-3, 7.5e-3, 1e-2, 1e-2])


def test_schedules_have_their_values():
    steps = OptimiserConfig(schedule="steps", milestones=(10, 20), factor=0.5)
    assert [learning_rate(1.0, step, 30, steps) for step in (10, 11, 20, 21)] == [1, 0.5, 0.5, 0.25]
    cosine = OptimiserConfig(schedule="cosine")
    assert learning_rate(1.0, 25, 100, cosine) == pytest.approx(0.5 + 0.5 * 2**-0.5)
    assert learning_rate(1.0, 999, 100, OptimiserConfig()) == 1.0


def test_a_broken_photo_stops_the_judge_and_not_the_average():
    ours = trainer(gan=GanConfig(features=8))
    broken = batch(0)
    broken.hr[0, 0, 0, 0] = torch.nan
    before = copy.deepcopy(ours.average.network)
    ours.train_step([broken])
    assert ours.skipped == 1 and not ours.changed
    moved = ours.average.network.body[0].weight - before.body[0].weight
    assert moved.abs().max() > 0, "the generator learned, so its average moves"


def test_launchers_do_not_choose_the_number_type(monkeypatch):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    assert make_accelerator(cpu=True).mixed_precision == "no"


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_a_gpu_computes_narrow(precision, cuda):
    ours = Trainer(
        config(engine=EngineConfig(precision=precision), gan=GanConfig(features=8)),
        make_accelerator(),
    )
    pictures = batch(0)
    there = Batch(
        hr=pictures.hr.to(cuda), lr=pictures.lr.to(cuda), traces=(), sharp=pictures.sharp.to(cuda)
    )
    for _ in range(3):
        said = ours.train_step([there])
    assert torch.isfinite(said["loss"])
