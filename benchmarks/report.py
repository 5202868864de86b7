"""What every benchmark shares: the machine in words, and its section of docs/benchmarks.md."""

from __future__ import annotations

import datetime
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def processor() -> str:
    """The processor's name and what matters of it here."""
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    name = re.search(r"model name\s*:\s*(.+)", facts)
    flags = re.search(r"flags\s*:\s*(.+)", facts)
    known = [flag for flag in ("amx_bf16", "avx512_bf16", "avx2") if flags and flag in flags[1]]
    return f"{name[1] if name else platform.machine()} ({', '.join(known)})"


def machine(*packages: str) -> str:
    """One line: date, processor, cores, versions, and how busy the machine was."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", *packages))
    load = os.getloadavg()[0]
    return (
        f"{datetime.datetime.now(datetime.UTC).date()}, {processor()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {versions}; load before the run {load:.1f}"
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_section(title: str, command: str, conditions: str, body: str) -> str:
    """Put a section into docs/benchmarks.md, in place of its older self; returns it.

    Where a folder lies is this machine's affair: the command keeps the last part of its path.
    """
    command = re.sub(r"(?<=\s)/\S*/", "", command)
    section = f"## {title}\n\n```sh\n{command}\n```\n\n{conditions}\n\n{body.strip()}\n"
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# Benchmarks\n"
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.S | re.M)
    if pattern.search(page):
        page = pattern.sub(lambda _: section + "\n", page)
    else:
        page = f"{page.rstrip()}\n\n{section}"
    PAGE.write_text(page.rstrip() + "\n", encoding="utf-8")
    return section
