"""A policy: rows of conditions, each with what it decides."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, StrEnum

import attrs

from karez.engines.price.errors import PolicyBrokenError, PolicyColumnError
from karez.engines.price.policy.cells import CellError, Condition, Kind, kind_of, read_cell
from karez.kernel.errors import ensure


class Decision(IntEnum):
    """What becomes of an application; the stricter, the higher."""

    APPROVE = 0
    REFER = 1  # a person looks at it
    REFUSE = 2


class Hit(StrEnum):
    """Which rows count where several fit."""

    FIRST = "first"  # the first alone
    COLLECT = "collect"  # all: the strictest decision, the smallest amount


@attrs.frozen
class Outcome:
    """What a row decides."""

    decision: Decision
    reason: str
    most_minor: int | None = None
    """The largest amount it lets through; None is no limit."""


@attrs.frozen
class Row:
    """A row of a policy."""

    number: int
    """As its file counts."""
    cells: tuple[Condition, ...]
    outcome: Outcome


@attrs.frozen
class Policy:
    """A decision table. Where no row fits, the application is referred to a person."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rows: tuple[Row, ...]
    hit: Hit = Hit.FIRST


@attrs.frozen
class Line:
    """A row as it is written."""

    number: int
    cells: tuple[str, ...]
    outcome: Outcome


def read_policy(
    name: str, columns: Sequence[str], lines: Sequence[Line], hit: Hit = Hit.FIRST
) -> tuple[Policy, list[PolicyBrokenError]]:
    """Return a policy without the rows that cannot be read, and what is wrong with those.

    Raises:
        PolicyColumnError: there is no column or no row.
    """
    if not columns or not lines:
        raise PolicyColumnError(table=name, column="(all)", rule="has nothing in it")
    ensure(all(len(line.cells) == len(columns) for line in lines), "a row has a cell for a column")
    kinds = tuple(kind_of(line.cells[place] for line in lines) for place in range(len(columns)))
    rows: list[Row] = []
    errors: list[PolicyBrokenError] = []
    for line in lines:
        cells: list[Condition] = []
        for column, kind, text in zip(columns, kinds, line.cells, strict=True):
            try:
                cells.append(read_cell(text, kind))
            except CellError as error:
                errors.append(PolicyBrokenError(table=name, row=line.number, column=column,
                                                value=text, rule=str(error)))  # fmt: skip
        if len(cells) == len(columns):
            rows.append(Row(line.number, tuple(cells), line.outcome))
    return Policy(name, tuple(columns), kinds, tuple(rows), hit), errors
