"""The perceptual loss against straight-line computations, and how its weights are found."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from realesr.errors import ModelError, NetworkError, ParameterError
from realesr.losses import Perceptual
from realesr.models.backbones import PUBLISHED, load_backbone
from tests.losses.feature_weights import (
    FIRES,
    for_caffe,
    normalised,
    squeezenet_by_hand,
    squeezenet_weights,
    vgg19_by_hand,
    vgg19_weights,
)

VGG19_SHARES = {"conv1_2": 0.1, "conv2_2": 0.1, "conv3_4": 1, "conv4_4": 1, "conv5_4": 1}
SQUEEZENET_SHARES = {0: 0.1, 4: 0.1, 7: 1, 10: 1, 12: 1}


def two_pictures(side: int, seed: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    first, second = torch.rand(2, 2, 3, side, side + 3, generator=generator)
    return first, second


def distance_by_hand(shares, first, second) -> float:
    return sum(share * (first[at] - second[at]).abs().mean().item() for at, share in shares.items())


@pytest.fixture(scope="module")
def vgg19(tmp_path_factory) -> tuple[Path, dict[str, torch.Tensor]]:
    """Random weights in a file like torchvision's: zipped .pth, classifier included."""
    weights = vgg19_weights()
    path = tmp_path_factory.mktemp("vgg") / "vgg19-dcbb9e9d.pth"
    torch.save(weights, path)
    return path, weights


@pytest.fixture
def alone(tmp_path, monkeypatch) -> Path:
    """A machine without weights and without a network; the folder where weights would be."""
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv("REALESR_WEIGHTS", str(folder))
    monkeypatch.setenv("REALESR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return folder


def test_vgg19_is_the_papers_sum_over_five_layers(vgg19):
    path, weights = vgg19
    prediction, target = two_pictures(19)
    by_hand = distance_by_hand(
        VGG19_SHARES, vgg19_by_hand(weights, prediction), vgg19_by_hand(weights, target)
    )
    loss = Perceptual("vgg19", path)
    assert loss(prediction, target).item() == pytest.approx(by_hand, rel=1e-5)
    assert loss(target, target).item() == 0


def test_vgg19_keeps_torchvisions_names_and_only_what_it_reads(vgg19):
    path, weights = vgg19
    kept = load_backbone("vgg19", path).state_dict()
    assert set(kept) == {name for name in weights if name.startswith("features.")}
    assert sum(tensor.numel() for tensor in kept.values()) == 20_024_384


def test_squeezenet_is_a_sum_over_five_layers(tmp_path):
    weights = squeezenet_weights()
    path = tmp_path / "squeezenet.safetensors"
    save_file({f"module.{name}": tensor for name, tensor in weights.items()}, path)
    prediction, target = two_pictures(21)
    by_hand = distance_by_hand(
        SQUEEZENET_SHARES,
        squeezenet_by_hand(weights, normalised(prediction)),
        squeezenet_by_hand(weights, normalised(target)),
    )
    loss = Perceptual("squeezenet", path)
    assert loss(prediction, target).item() == pytest.approx(by_hand, rel=1e-5)


def test_weights_from_caffe_see_blue_first_and_255(tmp_path):
    """Features are those of the file's own input, in torchvision's range."""
    weights = squeezenet_weights()
    weights["features.0.bias"] *= 255
    path = tmp_path / "squeezenet.safetensors"
    save_file(weights, path, metadata={"preprocess": "BGR 0..255 minus Caffe means"})
    image, _ = two_pictures(40)
    network = load_backbone("squeezenet", path)
    expected = squeezenet_by_hand(weights, for_caffe(image))
    assert network.trained_by == "DeepScale"
    for station, seen in network(image).items():
        in_range = expected[station] / (255 * (0.229 + 0.224 + 0.225) / 3)
        torch.testing.assert_close(seen, in_range, rtol=1e-4, atol=1e-4)


def test_it_is_frozen_and_teaches_only_the_prediction(tmp_path):
    path = tmp_path / "squeezenet.safetensors"
    save_file(squeezenet_weights(), path)
    loss = Perceptual("squeezenet", path).train()
    prediction, target = (each.requires_grad_() for each in two_pictures(32))
    loss(prediction, target).backward()
    assert prediction.grad.abs().sum() > 0
    assert target.grad is None
    assert not loss.network.training
    assert all(each.grad is None and not each.requires_grad for each in loss.parameters())


def test_half_precision_gives_a_float32_scalar_close_to_the_whole_one(tmp_path):
    path = tmp_path / "squeezenet.safetensors"
    save_file(squeezenet_weights(), path)
    loss = Perceptual("squeezenet", path).to(memory_format=torch.channels_last)
    prediction, target = two_pictures(32)
    with torch.autocast("cpu", torch.bfloat16):
        half = loss(prediction.requires_grad_(), target)
    half.backward()
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(loss(prediction, target).item(), rel=0.02)
    assert prediction.grad.dtype == torch.float32


def test_a_patch_too_small_is_refused_and_the_smallest_is_not(tmp_path, vgg19):
    path = tmp_path / "squeezenet.safetensors"
    save_file(squeezenet_weights(), path)
    for loss, least in ((Perceptual("squeezenet", path), 17), (Perceptual("vgg19", vgg19[0]), 16)):
        small, enough = torch.rand(1, 3, least - 1, 40), torch.rand(1, 3, least, 40)
        with pytest.raises(ParameterError, match=rf"E003 .* at least {least} pixels"):
            loss(small, small)
        assert loss(enough, 1 - enough).isfinite()


def test_weights_are_found_where_realesr_weights_points(alone):
    save_file(squeezenet_weights(), alone / "squeezenet1_1-imagenet-features.safetensors")
    assert PUBLISHED["squeezenet"].find() is not None
    torchvisions = squeezenet_weights(seed=7)
    torch.save(torchvisions, alone / "squeezenet1_1-b8a52dc0.pth")
    network = Perceptual("squeezenet").network
    first = network.state_dict()["features.0.weight"]
    assert torch.equal(first, torchvisions["features.0.weight"]), "torchvision's file comes first"


def test_a_file_fetched_by_hand_is_found_under_its_published_name():
    for published in PUBLISHED.values():
        assert Path(published.url).stem in published.names


def test_a_folder_of_that_name_where_one_works_is_no_obstacle(alone, tmp_path, monkeypatch):
    save_file(squeezenet_weights(), alone / "squeezenet1_1.safetensors")
    (tmp_path / "squeezenet1_1").mkdir()
    monkeypatch.chdir(tmp_path)
    assert PUBLISHED["squeezenet"].find() == alone / "squeezenet1_1.safetensors"


@pytest.mark.parametrize("backbone", ["vgg19", "squeezenet"])
def test_without_weights_and_network_one_sentence_says_what_to_do(alone, backbone):
    assert PUBLISHED[backbone].find() is None
    with pytest.raises(NetworkError, match="E604") as refusal:
        Perceptual(backbone)
    assert "REALESR_WEIGHTS" in refusal.value.next_step
    assert PUBLISHED[backbone].url in refusal.value.next_step


def test_other_weights_are_refused_by_name(tmp_path, vgg19):
    stranger = tmp_path / "some.safetensors"
    save_file({"conv_first.weight": torch.ones(4, 3, 3, 3)}, stranger)
    short = squeezenet_weights()
    del short[f"features.{max(FIRES)}.expand3x3.bias"]
    save_file(short, tmp_path / "short.safetensors")
    for kind, path in [
        ("vgg19", stranger),
        ("squeezenet", vgg19[0]),
        ("squeezenet", tmp_path / "short.safetensors"),
    ]:
        with pytest.raises(ModelError, match=f"E205 .* is not {kind}"):
            Perceptual(kind, path)
    with pytest.raises(ModelError, match="E209"):
        Perceptual("vgg19", tmp_path / "absent.pth")
    with pytest.raises(ParameterError, match=r"E001 .* Use vgg19 or squeezenet"):
        Perceptual("alexnet")


def test_a_pickle_that_would_run_something_is_not_run(tmp_path):
    path = tmp_path / "vgg19.pth"
    torch.save({"features.0.weight": Perceptual}, path)
    with pytest.raises(ModelError, match="E201"):
        Perceptual("vgg19", path)


def test_the_real_squeezenet_sees_a_photo_with_all_its_channels(shared):
    """Fed with the wrong numbers a fifth of the last layer would stay silent."""
    from skimage import data

    path = shared / "data/weights/squeezenet1_1-imagenet-features.safetensors"
    loss = Perceptual("squeezenet", path)
    photo = torch.from_numpy(data.astronaut()[::2, ::2].copy()).permute(2, 0, 1)[None] / 255
    last = loss.network(photo)[12]
    silent = (last.amax(dim=(0, 2, 3)) <= 0).sum().item()
    assert silent < 60
    noise = 0.1 * torch.randn(photo.shape, generator=torch.Generator().manual_seed(0))
    little, much = loss(photo + 0.2 * noise, photo), loss(photo + noise, photo)
    assert 0 < little < much < 20
