"""`realesr-lab space`: the lab as a Space of the Hub, shown before anything is sent."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from realesr.errors import RealesrError
from realesr.hub.leaks import hidden, refuse_words
from realesr.hub.plan import Plan
from realesr.hub.uploading import Uploader
from realesr.publishing.space import APP, Space


def main(arguments: Sequence[str]) -> int:
    """Show what a Space would hold, or push it with ``--yes``."""
    try:
        refuse_words(arguments)
        chosen = _parser().parse_args(arguments)
        space = Space(chosen.repo, chosen.title, chosen.model, chosen.public)
        plan = space.plan
        if chosen.yes:
            _tell_pushed(plan, as_json=chosen.json)
        else:
            _tell_planned(space, plan, as_json=chosen.json)
    except RealesrError as error:
        sys.stderr.write(f"{hidden(str(error))}\n")
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="realesr-lab space",
        description="Make the lab a Space of the Hub. Without --yes nothing is sent.",
        epilog="example: realesr-lab space --repo ada/lab --model ada/old-maps-x4 --yes",
    )
    parser.add_argument("--repo", required=True, metavar="NAME", help="where to: user/name")
    parser.add_argument("--title", default="realesr lab", help="what it is called")
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="ID",
        help="a model of the Hub it may offer, the first one opens; others are refused there",
    )
    decision = parser.add_mutually_exclusive_group()
    decision.add_argument(
        "--dry-run", action="store_true", help="show it and send nothing; so without --yes"
    )
    decision.add_argument("--yes", action="store_true", help="push it")
    parser.add_argument("--public", action="store_true", help="seen by everyone [you alone]")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser


def _tell_planned(space: Space, plan: Plan, *, as_json: bool) -> None:
    shown = {path: plan.read(path).decode() for path in (APP, "README.md", "requirements.txt")}
    if as_json:
        _print(json.dumps({"published": False, **plan.as_dict(), "texts": shown}, indent=2))
        return
    for line in plan.lines():
        _print(line)
    for path, text in shown.items():
        _print(f"\n{path}:\n")
        _print("".join(f"  {line}\n" for line in text.splitlines()).rstrip())
    _print("\nNothing was sent: this is a dry run. --yes pushes it.")


def _tell_pushed(plan: Plan, *, as_json: bool) -> None:
    made = Uploader().push(plan)
    if as_json:
        told = {"address": made.address, "commit": made.commit, "changed": made.changed}
        _print(json.dumps({"published": True, **plan.as_dict(), **told}, indent=2))
        return
    state = "pushed" if made.changed else "was there already, byte for byte"
    seen = "everyone" if plan.public else "you alone"
    _print(f"{made.address} {state}; seen by {seen} (commit {made.commit[:12]})")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
