"""The program, and a person's own metadata."""

from __future__ import annotations

from tests.commands.conftest import realesr, realesr_child

__all__ = ["realesr", "realesr_child"]
