"""House rules: floors, exports, a cheap import, no global state, no forbidden packages."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import realesr

ROOT = Path(__file__).resolve().parent.parent

# The house, floor by floor. A module may import from lower floors; on its own floor only from its
# own room (the folder), and there only from modules that stand before it in this table.
FLOORS: list[tuple[int, str]] = [
    (0, "realesr.errors"),
    (0, "realesr.randomness"),
    (1, "realesr.figures"),
    (1, "realesr.gate"),
    (1, "realesr.images"),
    (1, "realesr.transfers"),
    (1, "realesr.downloads"),
    (1, "realesr.degradations.spans"),
    (1, "realesr.degradations.chances"),
    (1, "realesr.degradations.kernels"),
    (1, "realesr.degradations.filters"),
    (1, "realesr.degradations.noise"),
    (1, "realesr.degradations.jpeg"),
    (1, "realesr.models.rrdbnet"),
    (1, "realesr.models.compact"),
    (1, "realesr.models.srcnn"),
    (1, "realesr.models.srresnet"),
    (1, "realesr.models.unet_discriminator"),
    (1, "realesr.models.resamplers"),
    (1, "realesr.models.feature_networks"),
    (1, "realesr.inference.tiling"),
    (1, "realesr.inference.memory"),
    (2, "realesr.degradations.operations"),
    (2, "realesr.degradations.further"),
    (2, "realesr.degradations.table"),
    (2, "realesr.degradations.steps"),
    (2, "realesr.degradations.draw"),
    (2, "realesr.degradations.combinations"),
    (2, "realesr.degradations.documents"),
    (2, "realesr.degradations.recipe"),
    (2, "realesr.degradations.batches"),
    (2, "realesr.degradations.recipe_files"),
    (2, "realesr.degradations.presets_further"),
    (2, "realesr.degradations.presets"),
    (2, "realesr.models.storage"),
    (2, "realesr.models.safetensors_header"),
    (2, "realesr.models.pickles"),
    (2, "realesr.models.checkpoints"),
    (2, "realesr.models.strangers"),
    (2, "realesr.models.weightfiles"),
    (2, "realesr.models.spec"),
    (2, "realesr.models.catalogue"),
    (2, "realesr.models.detection"),
    (2, "realesr.models.old_layouts"),
    (2, "realesr.models.sidecar"),
    (2, "realesr.models.hub_files"),
    (2, "realesr.models.locating"),
    (2, "realesr.models.building"),
    (2, "realesr.models.loading"),
    (2, "realesr.models.blending"),
    (2, "realesr.models.conversion"),
    (2, "realesr.models.backbones"),
    (3, "realesr.inference.precision"),
    (3, "realesr.inference.resampling"),
    (3, "realesr.inference.finishing"),
    (3, "realesr.inference.laying"),
    (3, "realesr.inference.channels"),
    (3, "realesr.inference.running"),
    (3, "realesr.inference.upscaler"),
    (3, "realesr.inference.parts"),
    (3, "realesr.losses"),
    (3, "realesr.quality.pairs"),
    (3, "realesr.quality.naturalness"),
    (3, "realesr.quality.metrics"),
    (3, "realesr.quality.estimators"),
    (3, "realesr.quality.checkup"),
    (3, "realesr.quality.duplicates"),
    (3, "realesr.quality.backprojection"),
    (3, "realesr.quality.heat"),
    (4, "realesr.provenance"),
    (4, "realesr.hub.store"),
    (4, "realesr.hub.card_rules"),
    (4, "realesr.hub.faults"),
    (4, "realesr.hub.pages"),
    (4, "realesr.hub.routing"),
    (4, "realesr.hub.answers"),
    (4, "realesr.hub.taking"),
    (4, "realesr.hub.local_hub"),
    (4, "realesr.hub.refusals"),
    (4, "realesr.hub.leaks"),
    (4, "realesr.hub.licences"),
    (4, "realesr.hub.plan"),
    (4, "realesr.hub.uploading"),
    (4, "realesr.inference.walking"),
    (4, "realesr.inference.sizes"),
    (4, "realesr.inference.reading"),
    (4, "realesr.inference.decisions"),
    (4, "realesr.inference.batch"),
    (4, "realesr.inference.auto_plan"),
    (4, "realesr.inference.auto"),
    (4, "realesr.inference.claiming"),
    (4, "realesr.inference.ledger"),
    (4, "realesr.inference.room"),
    (4, "realesr.inference.pipeline"),
    (4, "realesr.quality.peers"),
    (4, "realesr.quality.bench"),
    (4, "realesr.quality.honesty"),
    (4, "realesr.quality.evaluation"),
    (4, "realesr.train.config"),
    (4, "realesr.train.config_files"),
    (4, "realesr.train.pictures"),
    (4, "realesr.train.blocks"),
    (4, "realesr.train.parquet"),
    (4, "realesr.train.datasets"),
    (4, "realesr.train.sources"),
    (4, "realesr.train.pairs"),
    (4, "realesr.train.data"),
    (4, "realesr.train.paired"),
    (4, "realesr.train.workers"),
    (4, "realesr.train.stored"),
    (4, "realesr.train.records"),
    (4, "realesr.train.storing"),
    (4, "realesr.train.feeding"),
    (4, "realesr.train.opening"),
    (4, "realesr.train.durable"),
    (4, "realesr.train.tensorfile"),
    (4, "realesr.train.state"),
    (4, "realesr.train.saved"),
    (4, "realesr.train.checkpoint"),
    (4, "realesr.train.journal"),
    (4, "realesr.train.progress"),
    (4, "realesr.train.validation"),
    (4, "realesr.train.previews"),
    (4, "realesr.train.symptoms"),
    (4, "realesr.train.alarms"),
    (4, "realesr.train.curves"),
    (4, "realesr.train.best"),
    (4, "realesr.train.looking"),
    (4, "realesr.train.ema"),
    (4, "realesr.train.engine"),
    (4, "realesr.train.objectives"),
    (4, "realesr.train.starting"),
    (4, "realesr.train.trainer"),
    (4, "realesr.train.run"),
    (4, "realesr.train.diagnosis"),
    (4, "realesr.train.checkup"),
    (4, "realesr.train.rehearsal"),
    (4, "realesr.train.budget"),
    (4, "realesr.train.doctor"),
    (5, "realesr.publishing"),
    (5, "realesr.commands"),
    (5, "realesr.cli"),
    (6, "realesr.train.__main__"),
    (6, "realesr.hub.__main__"),
    (6, "lab"),
    (6, "data_tools"),
    (6, "course"),
    (6, "spaces_app"),
]
STRANGERS = [
    ("realesr.degradations", "realesr.models"),
    ("realesr.models", "realesr.degradations"),
    ("lab", "data_tools"),
    ("data_tools", "lab"),
]


def place(module: str) -> int | None:
    """Where a module stands in the table; None for a room's own door or the outside world."""
    for index, (_, name) in enumerate(FLOORS):
        if module == name or module.startswith(name + "."):
            return index
    return None


def imported(source: str) -> set[str]:
    """Every module a source names in an import, wherever the import stands."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def breach(module: str, target: str) -> str | None:
    """One sentence about an import that breaks a floor, or None."""
    for one, other in STRANGERS:
        if module.startswith(one) and target.startswith(other):
            return f"{module} imports {target}, but {one} and {other} do not know each other."
    here, there = place(module), place(target)
    if here is None or there is None or here == there:
        return None
    floor, below = FLOORS[here][0], FLOORS[there][0]
    if below > floor:
        return f"{module} (floor {floor}) imports {target} (floor {below}), which is above it."
    if below == floor:
        room, other_room = module.rpartition(".")[0], target.rpartition(".")[0]
        same_room = FLOORS[here][1].rpartition(".")[0] == FLOORS[there][1].rpartition(".")[0]
        if not same_room:
            return (
                f"{module} imports {target}: both on floor {floor}, but {room} is not {other_room}."
            )
        if there > here:
            return f"{module} imports {target}, which is listed after it on floor {floor}."
    return None


def sources() -> list[tuple[str, Path]]:
    rooms = ("realesr", "lab", "data_tools", "course")
    files = [path for room in rooms for path in ROOT.glob(f"{room}/**/*.py")]
    files.append(ROOT / "spaces_app.py")
    named = []
    for path in sorted(path for path in files if path.exists()):
        parts = path.relative_to(ROOT).with_suffix("").parts
        named.append((".".join(part for part in parts if part != "__init__"), path))
    return named


def test_every_module_has_its_place():
    doors = {"realesr", "realesr.degradations", "realesr.models", "realesr.inference"}
    doors |= {"realesr.train", "realesr.quality", "realesr.hub"}
    homeless = [name for name, _ in sources() if place(name) is None and name not in doors]
    assert not homeless, f"not in the table of floors: {homeless}"


def test_no_floor_is_broken():
    breaches = [
        sentence
        for name, path in sources()
        if name != "realesr"
        for target in sorted(imported(path.read_text(encoding="utf-8")))
        if (sentence := breach(name, target))
    ]
    assert not breaches, "\n".join(breaches)


@pytest.mark.parametrize(
    ("module", "source", "words"),
    [
        ("realesr.errors", "import realesr.images", "above it"),
        ("realesr.models.compact", "from lab import app", "above it"),
        ("realesr.degradations.kernels", "from realesr.degradations import jpeg", "listed after"),
        (
            "realesr.degradations.recipe",
            "def f():\n    import realesr.models.loading",
            "do not know",
        ),
        ("realesr.models.loading", "from realesr.inference.upscaler import Upscaler", "above it"),
        ("lab.app", "import data_tools.push", "do not know"),
    ],
)
def test_the_floor_test_sees_a_breach(module, source, words):
    found = [breach(module, target) for target in imported(source)]
    assert any(sentence and words in sentence for sentence in found)


def test_allowed_imports_are_allowed():
    for module, target in [
        ("realesr.models.loading", "realesr.models.compact"),
        ("realesr.inference.upscaler", "realesr.models.loading"),
        ("lab.pages.upscale", "lab.app"),
        ("realesr.cli", "realesr.commands.upscale"),
    ]:
        assert breach(module, target) is None


def test_public_names_are_sorted_and_exist():
    assert realesr.__all__ == sorted(realesr.__all__)
    for name in realesr.__all__:
        assert getattr(realesr, name) is not None


def test_import_is_cheap():
    code = (
        "import sys, time; start = time.perf_counter(); import realesr; "
        "print(time.perf_counter() - start, 'torch' in sys.modules, 'gradio' in sys.modules)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(3)
    ]
    assert min(float(seconds) for seconds, _, _ in runs) < 0.3
    assert all(run[1:] == ["False", "False"] for run in runs)


@pytest.mark.parametrize("word", ["basicsr", "gfpgan", "realesrgan", "pyiqa", "albumentations"])
def test_forbidden_packages_are_not_imported(word):
    users = [
        name
        for name, path in sources()
        if any(target.split(".")[0] == word for target in imported(path.read_text("utf-8")))
    ]
    assert not users


@pytest.mark.parametrize(
    "call", ["torch.manual_seed(", "np.random.seed(", "random.seed(", "torch.set_num_threads("]
)
def test_no_global_state_is_touched(call):
    users = [
        name
        for name, path in sources()
        if call in path.read_text("utf-8").replace("Generator().manual_seed(", "")
    ]
    assert not users


def test_files_stay_small():
    long = {
        name: lines
        for name, path in sources()
        if (lines := len(path.read_text("utf-8").splitlines())) > 350
    }
    assert not long, f"split these: {long}"
