"""The same work by Ray's processes, on this machine or on many: a Ray Data pipeline.

Pictures go out as the small things that say where they are, and are read where they are worked on.
What comes back is written here, piece by piece, as it is without Ray; so the set is the same, and
one engine goes on where the other was stopped.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from data_tools.items import HeldItem
from data_tools.journal import AT_ONCE, Piece
from data_tools.pieces import Done, Kept, Stage
from realesr.errors import ConfigError, ParameterError, RealesrError, ResourceError

ADDRESS = "RAY_ADDRESS"
"""What Ray itself reads: the cluster to work on; without it a Ray of its own is started here."""
_MOST_PIECES = 1024
_MOST_BYTES = 256 << 20
_STORE_BYTES = 1 << 30
_AT_THE_DOOR = 20  # seconds
_ENDED = ("RayActorError", "WorkerCrashedError", "OutOfMemoryError", "ObjectLostError")


def on_ray(stage: Stage[Any, Any], pieces: Iterable[Piece], workers: int) -> Iterator[Done]:
    """Do a stage to all pieces that are not done yet, in no certain order.

    Args:
        stage: What is done; its work goes to Ray, its keeping is done here.
        pieces: Taken as they are needed.
        workers: Processes, where there is no cluster.

    Raises:
        ParameterError: E001 without Ray.
        ResourceError: E301 when Ray lost its processes.
    """
    _start(workers)
    for lot in _lots(pieces):
        done = [piece for piece in lot if piece.place.exists()]
        yield from ((piece.place, len(piece.items), False) for piece in done)
        yield from _do_lot(stage, [piece for piece in lot if piece not in done])


def check_seen(paths: Iterable[Path], workers: int) -> None:
    """Refuse sources that another machine of the cluster does not see.

    Raises:
        ConfigError: E404.
    """
    ray = _start(workers)
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    places = [str(path) for path in paths]
    missing = ray.remote(num_cpus=0)(_missing)
    for node in ray.nodes():
        if node["Alive"]:
            there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            lost = ray.get(missing.options(scheduling_strategy=there).remote(places))
            if lost:
                raise ConfigError(
                    "E404",
                    f"{Path(lost[0]).name} is here, but not on {node['NodeManagerHostname']}.",
                    "Put it where all machines see it: a shared folder, or object storage.",
                )


def _missing(places: list[str]) -> list[str]:
    return [place for place in places if not Path(place).exists()]


def _start(workers: int) -> Any:
    """Ray, running: the cluster that is named, or one of this machine alone."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # What each process prints would stand between the lines of the program.
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ParameterError(
            "E001", "The engine ray needs Ray.", 'Run `pip install "realesr[data,cluster]"`.'
        ) from error
    if not ray.is_initialized():
        given: dict[str, Any] = {"address": os.environ.get(ADDRESS) or "local"}
        if given["address"] == "local":
            given |= {"num_cpus": workers, "include_dashboard": False}
            given |= {"object_store_memory": _STORE_BYTES}
        _connect(ray, given, tries=3 if given["address"] == "local" else 1)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray


def _connect(ray: Any, given: dict[str, Any], tries: int) -> None:
    """Start Ray; where a machine is too busy it gives up after half a minute, so ask again."""
    try:
        _knock(given["address"])
        ray.init(**given, logging_level=logging.ERROR, log_to_driver=False)
    except Exception as error:  # Of too busy a machine Ray raises just that.
        ray.shutdown()
        if tries > 1:
            _connect(ray, given, tries - 1)
            return
        said = (str(error) or repr(error)).splitlines()[0]
        raise ResourceError(
            "E301",
            f"Ray does not start at {given['address']}: {said}",
            f"Check {ADDRESS}, and that the cluster runs.",
        ) from error


def _knock(address: str) -> None:
    """Ask a cluster's door whether anybody is there; Ray itself waits for many minutes.

    Raises:
        OSError: When nobody answers.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=_AT_THE_DOOR).close()


def _lots(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """As many pieces as may be under way: few where they carry the bytes of their pictures."""
    lot: list[Piece] = []
    carried = 0
    for piece in pieces:
        lot.append(piece)
        carried += sum(map(_carried, piece.items))
        if len(lot) == _MOST_PIECES or carried > _MOST_BYTES:
            yield lot
            lot, carried = [], 0
    if lot:
        yield lot


def _carried(item: Any) -> int:
    source = item.source if isinstance(item, Kept) else item
    return len(source.data) if isinstance(source, HeldItem) else 0


def _do_lot(stage: Stage[Any, Any], pieces: list[Piece]) -> Iterator[Done]:
    """Send the pictures of pieces through a pipeline, and write down each piece that is whole."""
    import ray

    if not pieces:
        return
    rows = [
        {"piece": number, "place": place, "packed": pickle.dumps(item)}
        for number, piece in enumerate(pieces)
        for place, item in enumerate(piece.items)
    ]
    found: dict[int, dict[int, Any]] = {}
    try:
        sent = ray.data.from_items(rows, override_num_blocks=-(-len(rows) // AT_ONCE))
        for row in sent.map(partial(_worked, work=stage.work)).iter_rows():
            made = pickle.loads(row["packed"])
            if isinstance(made, RealesrError):
                raise made
            number = row["piece"]
            results = found.setdefault(number, {})
            results[row["place"]] = stage.keep(made)
            piece = pieces[number]
            if len(results) == len(piece.items):
                piece.write([results[place] for place in range(len(piece.items))])
                del found[number]
                yield piece.place, len(piece.items), True
    except ray.exceptions.RayError as error:
        if type(error).__name__ not in _ENDED:
            raise
        raise ResourceError(
            "E301",
            "Ray lost a process that works on pictures, most likely as memory ran out.",
            "Use fewer with --workers; the same command goes on where it was.",
        ) from error


def _worked(row: dict[str, Any], *, work: Callable[[Any], Any]) -> dict[str, Any]:
    """The row of a picture after the work; refusals come back as what they are."""
    import cv2

    cv2.setNumThreads(1)
    try:
        made = work(pickle.loads(row["packed"]))
    except RealesrError as refusal:
        made = refusal
    return {"piece": row["piece"], "place": row["place"], "packed": pickle.dumps(made)}
