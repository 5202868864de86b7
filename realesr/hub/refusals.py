"""From what the client of the Hub raises to a sentence a person can act on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from realesr.errors import NetworkError

_PASSING = (408, 409, 425, 429, 500, 502, 503, 504)
_MOST = 60.0  # seconds that a Hub may ask us to wait between two tries


def hub_address() -> str:
    """Of the Hub that the client speaks to: ``HF_ENDPOINT`` where that is set."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def token_place() -> str:
    """Where tokens are made and revoked, to be said after "a new one" or "revoke it"."""
    address = hub_address().removeprefix("https://")
    if address == "huggingface.co":
        return f"at {address}/settings/tokens"
    return f"at the Hub that HF_ENDPOINT names ({address})"


def causes(fault: BaseException) -> Iterator[BaseException]:
    """An exception, and what it was raised from."""
    seen: BaseException | None = fault
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def status_of(fault: BaseException) -> int | None:
    """The status of HTTP that an exception speaks of; None for another kind of trouble.

    >>> status_of(ValueError()) is None
    True
    """
    for each in causes(fault):
        status = getattr(getattr(each, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
    return None


def passes(fault: BaseException) -> bool:
    """Whether another try may help."""
    from huggingface_hub.errors import RepositoryNotFoundError

    status = status_of(fault)
    if status is not None:
        # A repository that was told to exist and does not: the answer before was a passing one.
        return status in _PASSING or (isinstance(fault, RepositoryNotFoundError) and status == 404)
    return _is_connection(fault)


def wanted_pause(fault: BaseException) -> float:
    """How many seconds the Hub asks to wait, within reason."""
    for each in causes(fault):
        headers: Any = getattr(getattr(each, "response", None), "headers", {}) or {}
        asked = str(headers.get("Retry-After", ""))
        if re.fullmatch(r"\d{1,6}", asked):
            return min(float(asked), _MOST)
    return 0.0


def translated(fault: BaseException, repository: str, share: float) -> NetworkError:
    """The refusal that fits.

    Args:
        fault: What the client raised.
        repository: Where to.
        share: How much had arrived, from 0 to 1.
    """
    status = status_of(fault)
    if status == 401:
        return NetworkError(
            "E601",
            "the Hub does not accept the token: it has expired, or was revoked.",
            f"Make a new one {token_place()}, then `hf auth login`.",
        )
    if status in (402, 403):
        why = "read-only, or another's" if status == 403 else "the Hub asks for a paid plan"
        return NetworkError(
            "E601",
            f"the token cannot write to {repository} ({why}).",
            f"Make one with write access {token_place()}, then `hf auth login`.",
        )
    return NetworkError(
        "E602",
        f"the upload to {repository} stopped at {share:.0%} ({_reason(fault, status)}). Nothing is "
        "visible yet.",
        "The same command goes on from there.",
    )


def _is_connection(fault: BaseException) -> bool:
    kinds = [kind for each in causes(fault) for kind in type(each).__mro__]
    return any(
        kind.__module__.split(".")[0].startswith(("httpx", "httpcore"))
        or issubclass(kind, (ConnectionError, TimeoutError))
        for kind in kinds
    )


def _reason(fault: BaseException, status: int | None) -> str:
    if status is not None:
        return f"the Hub answered {status}"
    deepest = list(causes(fault))[-1] if _is_connection(fault) else fault
    lines = str(deepest).strip().splitlines() or [type(deepest).__name__]
    first = re.sub(r"\[Errno -?\d+\] ", "", lines[0])[:160].rstrip(".")
    return f"{first[:1].lower()}{first[1:]}"
