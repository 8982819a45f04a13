"""What an operation is refused for before it is looked at what it asks."""

from __future__ import annotations

from typing import Any

import attrs

from karez.kernel.errors import ConflictError, ForbiddenError, InvalidInputError, UnavailableError


class OfficesBusyError(UnavailableError):
    """All connections to the database were in use for {seconds} seconds; try again in a moment."""

    code = "busy"


class NotPermittedError(ForbiddenError):
    """{actor} has no permission {permission}; ask whoever gives roles here."""

    code = "not-permitted"


class KeyMissingError(InvalidInputError):
    """{operation} needs an idempotency key, so that a retry is not done twice: choose any text."""

    code = "idempotency-key-missing"


class KeyMalformedError(InvalidInputError):
    """An idempotency key has 1 to {most} characters, not {length}; a UUID is a good one."""

    code = "idempotency-key-malformed"


class CursorInvalidError(InvalidInputError):
    """This cursor is not one that this list gave out; begin again without one."""

    code = "cursor-invalid"


@attrs.frozen
class Fault:
    """One thing that is wrong with an input: where, as a JSON pointer, and what."""

    pointer: str
    detail: str


class InputFaultsError(InvalidInputError):
    """{count} of the values given cannot be read: {first}."""

    code = "input-faults"

    def __init__(self, faults: list[Fault]) -> None:
        first = f"{faults[0].pointer} {faults[0].detail}"
        super().__init__(count=len(faults), first=first)
        self.faults = faults

    def as_dict(self) -> dict[str, Any]:
        """Return code, message and every fault, ready for JSON."""
        named = [attrs.asdict(fault) for fault in self.faults]
        return super().as_dict() | {"errors": named}


class EntryOfServiceError(ConflictError):
    """Entry {entry} follows from a loan or a payment: take that back, and the entry goes too."""

    code = "entry-of-service"
