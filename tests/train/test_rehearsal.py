"""What a run needs is learned from the run's own kind of data."""

from __future__ import annotations

import pytest
from PIL import Image

from realesr.train.config_files import read_config
from realesr.train.rehearsal import rehearse
from tests.train.runs import make_run


def test_pairs_that_exist_may_be_stored_and_a_partner_is_stored_once(tmp_path):
    config = make_run(tmp_path, pictures=3)
    (tmp_path / "small").mkdir()
    pixels = 0
    for path in sorted((tmp_path / "pictures").iterdir()):
        with Image.open(path) as photo:
            pixels += photo.width * photo.height
            half = photo.resize((photo.width // 2, photo.height // 2))
        half.save(tmp_path / "small" / path.name)
    changes = (
        f"data.lr=['{tmp_path / 'small'}']",
        "data.recipe='real_esrgan'",
        "data.stored=4",
    )
    needs = rehearse(read_config(config, changes))
    assert needs.error == ""
    # 3 bytes a pixel, and a quarter of them again for the only partner.
    assert needs.stored_bytes == pytest.approx(3 * pixels * 1.25 / 3)
