"""Every error of the project: one code, one sentence, one next step.

::

    RealesrError                 exit  code   what happened
    |-- ParameterError (ValueError)  2  E0xx  a value outside what a function takes
    |-- ConfigError                  2  E404  a recipe or configuration that does not add up
    |-- PictureError                 3  E1xx  a picture that cannot be read, or will not be written
    |-- ModelError                   4  E2xx  weights that are no upscaler, damaged or dangerous
    |-- ResourceError                5  E3xx  memory or disk ran out
    |-- NetworkError                 6  E6xx  a download or the Hub failed
    `-- BusyError                    6  E7xx  a server that is full

A ``Notice`` (``W...``) is the milder sibling: the work went on, and the person should know how.
"""

from __future__ import annotations

from dataclasses import dataclass


class RealesrError(Exception):
    """A refusal a person can act on.

    Args:
        code: The code from the table above, such as ``"E101"``.
        cause: One sentence that says what is wrong.
        next_step: One sentence that says what to do about it.
        tried: What was attempted before giving up, where that helps.

    >>> str(PictureError("E101", "a.png is empty (0 bytes).", "Copy it again."))
    'E101 a.png is empty (0 bytes). Copy it again.'
    """

    exit_code = 70

    def __init__(self, code: str, cause: str, next_step: str = "", *, tried: str = "") -> None:
        self.code = code
        self.cause = cause
        self.next_step = next_step
        self.tried = tried
        super().__init__(code, cause, next_step, tried)

    def __str__(self) -> str:
        return " ".join(
            part for part in (self.code, self.cause, self.tried, self.next_step) if part
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling, so that a refusal can cross from a child process."""
        return (_rebuild, (type(self), self.code, self.cause, self.next_step, self.tried))

    def as_dict(self) -> dict[str, str]:
        """The parts by name, for ``--json`` and the web."""
        return {
            "code": self.code,
            "cause": self.cause,
            "tried": self.tried,
            "next_step": self.next_step,
        }


def _rebuild(
    kind: type[RealesrError], code: str, cause: str, next_step: str, tried: str
) -> RealesrError:
    return kind(code, cause, next_step, tried=tried)


class ParameterError(RealesrError, ValueError):
    """A value outside what a function takes."""

    exit_code = 2


class ConfigError(RealesrError):
    """A recipe or configuration file that does not add up."""

    exit_code = 2


class PictureError(RealesrError):
    """A picture that cannot be read, or will not be written."""

    exit_code = 3


class ModelError(RealesrError):
    """Weights that are no upscaler, damaged or dangerous."""

    exit_code = 4


class ResourceError(RealesrError):
    """Memory or disk ran out."""

    exit_code = 5


class NetworkError(RealesrError):
    """A download or the Hub failed."""

    exit_code = 6


class BusyError(RealesrError):
    """A server that is full."""

    exit_code = 6


@dataclass(frozen=True)
class Notice:
    """Something a person should know about work that went on.

    >>> str(Notice("W109", "12 frames; using frame 1."))
    'W109 12 frames; using frame 1.'
    """

    code: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.code} {self.sentence}"
