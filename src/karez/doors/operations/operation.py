"""What an operation is: one use case, with all that its doors must know of it.

From a row of the table come the route, its place in the OpenAPI document, the check of permission,
the key that makes a retry safe, four eyes, the audit row and the event. What it does is a call of
services.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

import attrs
import msgspec

from karez.doors.operations.office import Office
from karez.kernel.errors import KarezError
from karez.services.access import Actor

I = TypeVar("I", bound=msgspec.Struct)  # noqa: E741 - the input
O = TypeVar("O")  # noqa: E741 - the output


class Retry(StrEnum):
    """What asking for the same thing twice does."""

    READ = "read"  # nothing is changed, so nothing can be done twice
    NATURAL = "natural"  # it is done once by its own names: a code, a version, a state
    KEYED = "keyed"  # it needs an idempotency key, and is done once for a key


class Control(StrEnum):
    """When somebody else must agree before it happens."""

    ALONE = "alone"  # who may ask for it may do it
    ABOVE_LIMIT = "above-limit"  # above the amount that the asker may move
    ALWAYS = "always"


@attrs.frozen(slots=False)
class Call:
    """Who asks, for which institution, and under which id it is done."""

    office: Office
    actor: Actor
    command_id: UUID
    request_id: str = ""
    reason: str = ""

    @cached_property
    def today(self) -> date:
        """The business date: the day after the last that was ended."""
        return self.office.business_date()


def nothing(_: Any) -> None:  # any input
    """Say that an input has no such thing."""


@attrs.frozen(kw_only=True)
class Operation(Generic[I, O]):
    """A use case as doors see it.

    ``path`` names fields of the input in braces; the rest of the input is the query of a GET, and
    the body of any other method. ``permission`` is what the actor needs. ``amount_of`` gives the
    amount an input moves, for limits. ``target_of`` names what it is about, ``look`` shows that
    before it is changed; both for the audit. What it ``hides``, a secret, is kept nowhere.
    ``about_of`` names, from the output, what an event is about, where callers write the target in
    several ways. ``errors`` are those that a caller should foresee.
    """

    name: str
    summary: str
    method: str
    path: str
    input: type[I]
    output: type[O]
    run: Callable[[Call, I], O]
    permission: str
    retry: Retry
    control: Control = Control.ALONE
    hides: bool = False
    errors: tuple[type[KarezError], ...] = ()
    amount_of: Callable[[I], int | None] = nothing
    target_of: Callable[[I], str | None] = nothing
    about_of: Callable[[O], str | None] = nothing
    look: Callable[[Call, I], object] | None = None

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.retry is Retry.READ

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The fields of the input that stand in the path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


AnyOperation = Operation[Any, Any]
Table = Mapping[str, AnyOperation]
