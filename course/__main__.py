"""``python -m course``: write the notebooks, run them, build the book.

::

    python -m course write                           # notebooks/*/*.ipynb from notebooks/*.py
    QUICK=1 python -m course book build/course       # run every lesson, and write it as a page
    QUICK=0 python -m course book build/course 03    # only the third, as long as it takes
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from course import quick
from course.book import write_index, write_page
from course.lessons import lessons, write
from course.running import faults, run

USAGE = "python -m course write | python -m course book FOLDER [NUMBER...]"


def book(folder: Path, wanted: list[str]) -> int:
    """Run lessons and write their pages; 1 when a reader would stumble over something."""
    folder.mkdir(parents=True, exist_ok=True)
    everything, stumbled = lessons(), 0
    for lesson in everything:
        if wanted and lesson.number not in wanted:
            continue
        begun = time.monotonic()
        executed = run(lesson, short=quick(True, False))
        found = faults(executed)
        write_page(lesson, executed, folder, everything)
        say(f"{lesson.name}: {time.monotonic() - begun:.0f} s")
        for fault in found:
            say(f"  {fault}")
        stumbled += len(found)
    say(str(write_index(folder, everything)))
    return min(stumbled, 1)


def say(words: str) -> None:
    """Print a line at once."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """What the command line asks for; the exit code."""
    if arguments[:1] == ["write"] and len(arguments) == 1:
        for path in write():
            say(path.name)
        return 0
    known = {lesson.number for lesson in lessons()}
    is_book = arguments[:1] == ["book"] and len(arguments) > 1 and known.issuperset(arguments[2:])
    if is_book and not arguments[1].startswith("-"):
        return book(Path(arguments[1]), arguments[2:])
    say(USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
