"""What is kept as the best: the scores decide, not the order."""

from __future__ import annotations

import math

import torch

from realesr.models.loading import load_model
from realesr.train.best import Best
from realesr.train.config import DataConfig, GanConfig, NetworkConfig, TrainConfig
from realesr.train.starting import start_generator


def best_of(tmp_path, gan=None):
    config = TrainConfig(
        name="x", output=str(tmp_path), steps=9, batch_size=1, gan=gan,
        data=DataConfig(pictures=("samples",)), network=NetworkConfig(features=4, convolutions=1),
    )  # fmt: skip
    network, spec = start_generator(config)
    return Best(config, spec), network


def offer(best, network, step, **scores):
    with torch.no_grad():
        network.body[0].bias.fill_(step)
    return best.offer(step, scores, network)


def kept(best):
    return float(load_model(best.folder, device="cpu").network.body[0].bias[0].detach())


def test_the_best_stays_whatever_comes_after(tmp_path):
    best, network = best_of(tmp_path)
    taken = [
        offer(best, network, step, psnr=psnr, lpips=-psnr)
        for step, psnr in enumerate((20.0, 21.0, 20.5, 21.0, math.nan, 22.0, 21.9))
    ]
    assert taken == [True, True, False, False, False, True, False]
    assert best.step() == 5 and kept(best) == 5


def test_with_a_discriminator_lpips_decides_where_it_is_known(tmp_path):
    best, network = best_of(tmp_path, GanConfig(features=4))
    assert offer(best, network, 0, psnr=25.0, lpips=0.4)
    assert offer(best, network, 1, psnr=23.0, lpips=0.3)
    assert not offer(best, network, 2, psnr=26.0, lpips=0.35)
    assert best.step() == 1


def test_what_an_earlier_run_left_does_not_count(tmp_path):
    best, network = best_of(tmp_path)
    offer(best, network, 0, psnr=30.0)
    offer(best, network, 7, psnr=40.0)
    # The folder was begun anew, or goes on from before step 7.
    assert offer(best, network, 0, psnr=20.0)
    offer(best, network, 7, psnr=40.0)
    assert offer(best, network, 3, psnr=21.0)
    assert best.step() == 3
