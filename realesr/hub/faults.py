"""What can go wrong with a Hub, made to happen when asked for.

::

    hub.faults.answer(r"POST .*/commit/main", 503, times=2)    # twice busy, then fine again
    hub.faults.cut(r"PUT /lfs/", "within")                     # the line breaks half way
    hub.faults.cut(r"POST .*/commit/", "after")                # done, but the answer is lost
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Literal

Moment = Literal["before", "within", "after"]


@dataclass
class Fault:
    """One kind of trouble with some requests.

    Attributes:
        asked: What the request must match, such as ``r"PUT /lfs/"``.
        status: What is answered instead; 0 cuts the connection.
        moment: For a cut: before the request is read, within its body, or after it was obeyed.
        times: How often it still happens.
        headers: Sent with the answer, such as ``{"Retry-After": "1"}``.
    """

    asked: str
    status: int
    moment: Moment
    times: int
    headers: dict[str, str]


class Faults:
    """Trouble to come; each fault ends by itself after so many times.

    Attributes:
        happened: How many requests met one.
    """

    def __init__(self) -> None:
        self.happened = 0
        self._coming: list[Fault] = []
        self._lock = threading.Lock()

    def answer(
        self, asked: str, status: int, *, times: int = 1, headers: dict[str, str] | None = None
    ) -> None:
        """Answer requests that match with a status of HTTP, and do nothing for them."""
        self._coming.append(Fault(asked, status, "before", times, headers or {}))

    def cut(self, asked: str, moment: Moment = "before", *, times: int = 1) -> None:
        """Break the connection of requests that match."""
        self._coming.append(Fault(asked, 0, moment, times, {}))

    def clear(self) -> None:
        """No more trouble."""
        self._coming.clear()

    def meet(self, request: str) -> Fault | None:
        """The trouble that a request meets, used up by this.

        >>> faults = Faults()
        >>> faults.answer("GET /a", 503)
        >>> [bool(faults.meet("GET /a/b")), bool(faults.meet("GET /a/b"))]
        [True, False]
        """
        with self._lock:
            for fault in self._coming:
                if fault.times > 0 and re.search(fault.asked, request):
                    fault.times -= 1
                    self.happened += 1
                    return fault
        return None
