"""Loans by the million: rows of a table in, due dates and amounts out, or only their sums.

A row is a loan of one of four types (PAM, LAM, NAM, ANN) whose interest falls due with its
principal. What has more to it, the scalar engine computes (``run.contract_events``); both give the
same cents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from types import ModuleType

RATE_ONE = 100_000_000
"""Parts that make a rate of 100 %."""
NEVER = 2**62
"""A limit that limits nothing."""

LOAN: np.dtype[np.void] = np.dtype(
    [
        ("principal_minor", "i8"),
        ("rate", "i8"),  # a year, in parts of 1e-8
        ("payment_minor", "i8"),  # 0: computed
        ("spread", "i8"),
        ("multiplier", "i8"),
        ("period_floor", "i8"),
        ("period_cap", "i8"),
        ("life_floor", "i8"),
        ("life_cap", "i8"),
        ("begins", "i4"),  # days since 1970-01-01, as all dates here
        ("first_due", "i4"),
        ("matures", "i4"),
        ("first_reset", "i4"),
        ("payment_step", "i4"),  # the coin of a computed payment
        ("cycle_months", "i2"),  # one of the two is 0
        ("cycle_days", "i2"),
        ("reset_months", "i2"),  # both 0: the rate is never reset
        ("reset_days", "i2"),
        ("market", "i2"),  # which one the resets follow
        ("kind", "i1"),
        ("day_count", "i1"),
        ("shift", "i1"),
        ("shifts_first", "?"),
        ("long_stub", "?"),
        ("to_month_end", "?"),
        ("reset_to_month_end", "?"),
        ("reset_long_stub", "?"),
    ]
)
MARKET: np.dtype[np.void] = np.dtype([("market", "i2"), ("day", "i4"), ("rate", "i8")])
"""What markets showed, sorted: each rate, in parts of 1e-8, holds from its day to the next."""

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Loans = npt.NDArray[np.void]


@attrs.frozen
class Schedules:
    """Due dates and amounts of many loans: those of loan i from ``offsets[i]`` to ``[i + 1]``.

    ``refused`` names the loans, by their index, that have no rows, and why.
    """

    offsets: Int64s
    due: Int32s
    principal_minor: Int64s
    interest_minor: Int64s
    refused: Sequence[tuple[int, str]]


def loans(count: int) -> Loans:
    """Return so many rows without resets, shifts or limits, to be filled column by column."""
    rows = np.zeros(count, LOAN)
    rows["multiplier"], rows["payment_step"] = RATE_ONE, 1
    for name in ("period_cap", "life_cap"):
        rows[name] = NEVER
    for name in ("period_floor", "life_floor"):
        rows[name] = -NEVER
    return rows


def schedules(rows: Loans, market: Loans | None = None) -> Schedules:
    """Return every due date with its principal and interest, in minor units.

    A loan that cannot be computed has no rows and is named; the others are not touched by it.
    """
    kernels = _kernels()
    reasons = _faults(rows)
    bounds = np.zeros(len(rows) + 1, np.int64)
    kernels.bound_rows(rows, reasons, bounds)
    offsets = np.zeros(len(rows) + 1, np.int64)
    due = np.empty(bounds[-1], np.int32)
    principal, interest = np.empty(bounds[-1], np.int64), np.empty(bounds[-1], np.int64)
    kernels.fill(rows, _market(market), reasons, bounds, offsets, due, principal, interest)
    end = offsets[-1]
    return Schedules(offsets, due[:end], principal[:end], interest[:end], _named(reasons))


@attrs.frozen
class Sums:
    """What is asked of each loan without its rows: amounts in minor units, by loan.

    ``due_principal_minor`` and ``due_interest_minor`` fall due up to the day, that day included;
    ``next_due`` is the first due date after it, -1 if there is none, and ``next_payment_minor``
    what falls due then; ``exposure_minor`` is the principal not yet due at the end of the day.
    """

    due_principal_minor: Int64s
    due_interest_minor: Int64s
    next_due: Int32s
    next_payment_minor: Int64s
    exposure_minor: Int64s
    refused: Sequence[tuple[int, str]]


def sums_at(rows: Loans, day: int, market: Loans | None = None) -> Sums:
    """Return what is due, next due and outstanding of each loan at the end of a day."""
    reasons = _faults(rows)
    count = len(rows)
    sums = Sums(
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.full(count, -1, np.int32),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        [],
    )
    _kernels().sum_up(
        rows, _market(market), reasons, day, sums.due_principal_minor, sums.due_interest_minor,
        sums.next_due, sums.next_payment_minor, sums.exposure_minor,
    )  # fmt: skip
    return attrs.evolve(sums, refused=_named(reasons))


def buckets(rows: Loans, edges: Int32s, market: Loans | None = None) -> Int64s:
    """Return the cash that falls due of all loans in each stretch between two edges.

    The row is a stretch, from one edge (included) to the next (not included); the columns are
    principal and interest, in minor units.
    """
    reasons = _faults(rows)
    cash = np.zeros((len(edges) - 1, 2), np.int64)
    _kernels().fill_buckets(rows, _market(market), reasons, edges, cash)
    return cash


_REASONS = (
    "",
    "its principal is below zero or above 10^15 minor units",
    "its maturity is not after its beginning",
    "its first due date is before its beginning or after its maturity",
    "its cycle is neither months nor days",
    "a kind, a day count or a shift is none of the codes",
    "its payment is below zero or its coin is not above it",
    "no rate of its market was observed up to the day of a reset",
)
NO_MARKET = len(_REASONS) - 1


def _faults(rows: Loans) -> npt.NDArray[np.int8]:
    """Return for each loan 0, or the place of the reason why it cannot be computed."""
    tests: tuple[Any, ...] = (
        (rows["principal_minor"] < 0) | (rows["principal_minor"] > 10**15),
        rows["matures"] <= rows["begins"],
        (rows["first_due"] < rows["begins"]) | (rows["first_due"] > rows["matures"]),
        (rows["cycle_months"] <= 0) == (rows["cycle_days"] <= 0),
        (rows["kind"] < 0)
        | (rows["kind"] > 3)
        | (rows["day_count"] < 0)
        | (rows["day_count"] > 3)
        | (rows["shift"] < 0)
        | (rows["shift"] > 4),
        (rows["payment_minor"] < 0) | (rows["payment_step"] < 1),
    )
    reasons = np.zeros(len(rows), np.int8)
    for place, test in enumerate(tests, start=1):
        reasons[test & (reasons == 0)] = place
    return reasons


def _named(reasons: npt.NDArray[np.int8]) -> list[tuple[int, str]]:
    return [(int(place), _REASONS[reasons[place]]) for place in np.flatnonzero(reasons)]


def _market(market: Loans | None) -> Loans:
    return np.zeros(0, MARKET) if market is None else market


def _kernels() -> ModuleType:
    """Import the compiled code only when it runs: the compiler takes a while to load."""
    from karez.engines.cashflow import kernels  # noqa: PLC0415

    return kernels
