"""`python -m realesr.hub`: a Hub on this machine, to publish to without an account."""

from __future__ import annotations

import signal
import sys
import threading

from realesr.hub.local_hub import LocalHub


def main() -> None:
    """Serve until Ctrl-C, and say which variables another terminal needs."""
    user = sys.argv[1] if len(sys.argv) > 1 else "ada"
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with LocalHub() as hub:
        lines = [f"export {name}={value}" for name, value in hub.environment(user).items()]
        sys.stdout.write(
            f"# A Hub on this machine: {hub.url} shows what it holds, Ctrl-C ends it.\n"
            f"# Everything is in memory. In another terminal you are {user} there with:\n"
            + "".join(f"{line}\n" for line in lines)
        )
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
