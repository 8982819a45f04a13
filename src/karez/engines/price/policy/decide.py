"""What a policy decides of applications: one or a million in one call."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.price.errors import PolicyColumnError
from karez.engines.price.limit import NO_LIMIT
from karez.engines.price.policy.cells import Kind
from karez.engines.price.policy.codes import Pieces, pieces_of
from karez.engines.price.policy.table import Decision, Hit, Policy
from karez.kernel.errors import ensure

Ints = npt.NDArray[np.int64]
Sets = npt.NDArray[np.uint64]
_CHUNK = 1 << 15
_WORD = 64


@attrs.frozen(eq=False)
class Coded:
    """A column of labels: the place of each in ``names``; -1 where it is missing."""

    codes: npt.NDArray[np.int32]
    names: tuple[str, ...]


@attrs.frozen(eq=False)
class Applications:
    """The columns that policies look at; NaN is a number that is missing."""

    count: int
    numbers: Mapping[str, npt.NDArray[np.float64]]
    labels: Mapping[str, Coded]


@attrs.frozen(eq=False)
class Decided:
    """What became of each application."""

    decision: npt.NDArray[np.int8]
    """A ``Decision``."""
    row: npt.NDArray[np.int32]
    """Place of the row that decided: the first of the strictest. -1 where no row fits."""
    most_minor: Ints
    """The largest amount that is let through, ``NO_LIMIT`` for any."""


def decide(policy: Policy, applications: Applications) -> Decided:
    """Return what a policy decides of each application.

    Raises:
        PolicyColumnError: the applications lack a column, or have labels where numbers are asked.
    """
    ready = _Ready.of(policy)
    sources = [_source(policy, applications, place) for place in range(len(policy.columns))]
    count = applications.count
    found = Decided(np.empty(count, np.int8), np.empty(count, np.int32), np.empty(count, np.int64))
    for start in range(0, count, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        fits = _fits(ready, sources, chunk)
        row = _deciding_row(ready, fits)
        found.row[chunk] = row
        found.decision[chunk] = ready.decision[row]
        most = ready.most[row]
        if policy.hit is Hit.COLLECT:
            for amount, rows in ready.amounts:
                most = np.where((fits & rows).any(axis=1), np.minimum(most, amount), most)
        found.most_minor[chunk] = most
    return found


def fitting_rows(policy: Policy, applications: Applications, place: int) -> list[int]:
    """Return the places of all rows that fit one application."""
    ready = _Ready.of(policy)
    sources = [_source(policy, applications, column) for column in range(len(policy.columns))]
    [fits] = _fits(ready, sources, slice(place, place + 1)).tolist()
    rows = sum(word << (_WORD * at) for at, word in enumerate(fits))
    return [row for row in range(len(policy.rows)) if rows >> row & 1]


Source = npt.NDArray[np.float64] | npt.NDArray[np.int32]


def _source(policy: Policy, applications: Applications, place: int) -> Source | Coded:
    name, kind = policy.columns[place], policy.kinds[place]
    column = (applications.numbers if kind is Kind.NUMBER else applications.labels).get(name)
    if column is None:
        other = name in applications.numbers or name in applications.labels
        rule = f"holds {kind}s here, and not in the applications" if other else "is not in them"
        raise PolicyColumnError(table=policy.name, column=name, rule=rule)
    length = len(column.codes) if isinstance(column, Coded) else len(column)
    ensure(length == applications.count, "columns are as long as said")
    return column


@attrs.frozen(eq=False)
class _Ready:
    """A policy as arrays: sets of rows as words of 64 bits."""

    pieces: list[Pieces]
    passes: list[Sets]
    levels: list[Sets]
    """Rows of each decision, the strictest first; for the first hit all rows alike."""
    decision: npt.NDArray[np.int8]
    """By row, and then for no row."""
    most: Ints
    amounts: list[tuple[int, Sets]]

    @classmethod
    def of(cls, policy: Policy) -> _Ready:
        rows = range(len(policy.rows))
        words = len(rows) // _WORD + 1
        outcomes = [row.outcome for row in policy.rows]
        pieces = pieces_of(policy)

        def set_of(bits: int) -> list[int]:
            return [bits >> (_WORD * word) & (2**_WORD - 1) for word in range(words)]

        def those(chosen: list[bool]) -> Sets:
            return np.array(set_of(sum(bit << row for row, bit in enumerate(chosen))), np.uint64)

        if policy.hit is Hit.FIRST:
            levels = [those([True for _ in rows])]
        else:
            levels = [those([outcome.decision is decision for outcome in outcomes])
                      for decision in sorted(Decision, reverse=True)]  # fmt: skip
        amounts = sorted(
            {outcome.most_minor for outcome in outcomes if outcome.most_minor is not None}
        )
        return cls(
            pieces,
            [np.array([set_of(bits) for bits in each.passes], np.uint64) for each in pieces],
            levels,
            np.array([*(outcome.decision for outcome in outcomes), Decision.REFER], np.int8),
            np.array([NO_LIMIT if outcome.most_minor is None else outcome.most_minor
                      for outcome in outcomes] + [NO_LIMIT], np.int64),
            [(amount, those([outcome.most_minor == amount for outcome in outcomes]))
             for amount in amounts],
        )  # fmt: skip


def _fits(ready: _Ready, sources: list[Source | Coded], chunk: slice) -> Sets:
    """Return the set of rows that fit each application of a chunk."""
    fits: Sets | None = None
    for pieces, passes, source in zip(ready.pieces, ready.passes, sources, strict=True):
        if isinstance(source, Coded):
            places = {name: place for place, name in enumerate(pieces.labels)}
            other = len(pieces.labels)
            # The code of missing, -1, is the last place of this table.
            table = np.array([*(places.get(name, other) for name in source.names), other + 1])
            at = table[source.codes[chunk]]
        else:
            at = np.searchsorted(pieces.cuts, source[chunk], side="right")
        found = passes[at]
        fits = found if fits is None else fits & found
    assert fits is not None  # noqa: S101 - a policy has a column
    return fits


def _deciding_row(ready: _Ready, fits: Sets) -> npt.NDArray[np.int32]:
    """Return the first row of the strictest decision that fits; -1 where none does."""
    row = np.full(len(fits), -1, np.int32)
    for level in reversed(ready.levels):
        for word in reversed(range(fits.shape[1])):
            bits = fits[:, word] & level[word]
            first = np.bitwise_count((bits & (~bits + np.uint64(1))) - np.uint64(1))
            row = np.where(bits != 0, first.astype(np.int32) + _WORD * word, row)
    return row
