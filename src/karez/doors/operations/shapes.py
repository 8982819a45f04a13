"""What inputs and outputs of operations are made of."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)

PAGE, PAGE_MOST = 50, 500

AmountMinor = Annotated[
    int,
    msgspec.Meta(
        gt=0,
        lt=1 << 53,
        description="An amount in the smallest unit of its currency: 1250 is 12.50 EUR.",
    ),
]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=PAGE_MOST, description="How many at most.")]
Cursor = Annotated[str, msgspec.Meta(max_length=400, description="Where the last page ended.")]


class Input(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a caller gives; a field that is not known is a fault."""


class Output(msgspec.Struct, kw_only=True):
    """What a caller gets; fields may be added to it."""


class Listing(Input, kw_only=True):
    """What every list takes."""

    cursor: Cursor | None = None
    limit: Limit = PAGE


class OnDay(Input, kw_only=True):
    """A question about a day; without one about the business date."""

    on: date | None = None


def shape(kind: type[S], source: object, **more: Any) -> S:  # values of fields that source lacks
    """Return the output that the attributes of an object make; ``more`` adds to them."""
    if more:
        fields = {
            name: getattr(source, name) for name in kind.__struct_fields__ if name not in more
        }
        return msgspec.convert(fields | more, kind, from_attributes=True)
    return msgspec.convert(source, kind, from_attributes=True)
