"""What a late or undone event changes: the loan as it was known, against the loan folded again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

import attrs

from karez.engines.servicing.account import Account
from karez.engines.servicing.table import Line, schedule_table

_AMOUNTS = (
    "principal_minor",
    "interest_minor",
    "fees_minor",
    "penalties_minor",
    "paid_minor",
    "in_advance_minor",
    "late_minor",
    "waived_minor",
    "outstanding_minor",
)
_Key = tuple[date, int]


@attrs.frozen
class LineChange:
    """What is more, or with a minus less, of an instalment; a new or lost one counts whole."""

    due: date
    place: int  # among instalments of one due date, from zero
    changes_minor: Mapping[str, int]  # by name of the amount; those that stay are left out
    met_on_before: date | None
    met_on_after: date | None


@attrs.frozen
class AllocationChange:
    """Another allocation of an event: principal, interest, fees and penalties in minor units."""

    event: int
    before: tuple[int, ...]
    after: tuple[int, ...]


@attrs.frozen
class Difference:
    """All that differs between two states of a loan."""

    lines: tuple[LineChange, ...]
    allocations: tuple[AllocationChange, ...]
    overpaid_minor: int

    @property
    def is_empty(self) -> bool:
        """Whether the two states are the same."""
        return not self.lines and not self.allocations and not self.overpaid_minor


def difference(old: Account, new: Account) -> Difference:
    """Return what differs in ``new`` from ``old``, so that only this needs to be posted."""
    before, after = _lines(old), _lines(new)
    changes = (
        _change(key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
    )
    return Difference(
        lines=tuple(change for change in changes if change is not None),
        allocations=tuple(_allocations(old, new)),
        overpaid_minor=new.overpaid - old.overpaid,
    )


def _lines(account: Account) -> dict[_Key, Line]:
    seen: Counter[date] = Counter()
    lines: dict[_Key, Line] = {}
    for line in schedule_table(account):
        if isinstance(line, Line):
            lines[line.due, seen[line.due]] = line
            seen[line.due] += 1
    return lines


def _change(key: _Key, before: Line | None, after: Line | None) -> LineChange | None:
    amounts: dict[str, int] = {}
    for name in _AMOUNTS:
        more: int = getattr(after, name, 0) - getattr(before, name, 0)
        if more:
            amounts[name] = more
    met_before = before.met_on if before is not None else None
    met_after = after.met_on if after is not None else None
    if not amounts and met_before == met_after:
        return None
    return LineChange(key[0], key[1], amounts, met_before, met_after)


def _allocations(old: Account, new: Account) -> list[AllocationChange]:
    nothing = [0, 0, 0, 0]
    changes: list[AllocationChange] = []
    for event in sorted(old.portions.keys() | new.portions.keys()):
        before = tuple(old.portions.get(event, nothing))
        after = tuple(new.portions.get(event, nothing))
        if before != after:
            changes.append(AllocationChange(event, before, after))
    return changes
