"""One class for each way that business can fail.

The first paragraph of a class's docstring is the sentence a person reads: it names what was
wrong and what to do, with the details in braces. ``code`` is stable and documented in
``docs/reference/errors.md``. Five families say who must act; doors map a family, and nothing
finer, to an exit code or an HTTP status.
"""

from __future__ import annotations

import inspect
from typing import Any, ClassVar


class KarezError(Exception):
    """{reason}"""  # noqa: D415 - the sentence comes whole from the caller.

    code: ClassVar[str] = "failed"

    def __init__(self, **details: Any) -> None:  # any printable value may fill a sentence
        self.details = details
        super().__init__(self.sentence().format(**details))

    @classmethod
    def sentence(cls) -> str:
        """Return the sentence of this error, its details still in braces."""
        paragraph = inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0]
        return " ".join(paragraph.split())

    @property
    def message(self) -> str:
        """The sentence with its details filled in."""
        return str(self)

    def as_dict(self) -> dict[str, Any]:
        """Return code, message and details, ready for JSON."""
        return {"code": self.code, "message": self.message, "details": self.details}


class InvalidInputError(KarezError):
    """{reason}"""  # noqa: D415

    code = "invalid-input"


class NotFoundError(KarezError):
    """{reason}"""  # noqa: D415

    code = "not-found"


class ConflictError(KarezError):
    """{reason}"""  # noqa: D415

    code = "conflict"


class ForbiddenError(KarezError):
    """{reason}"""  # noqa: D415

    code = "forbidden"


class UnavailableError(KarezError):
    """{reason}"""  # noqa: D415

    code = "unavailable"


def ensure(condition: object, claim: str) -> None:
    """Stop with AssertionError unless ``condition`` holds: a fault of ours, not of the caller.

    Unlike ``assert`` it stays on under ``python -O``.
    """
    if not condition:
        raise AssertionError(claim)
