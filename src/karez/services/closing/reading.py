"""The loans of a part as arrays: how they stand on a day, and what is to come of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.columns import unpack_columns
from karez.engines.servicing.accrual import date_of
from karez.engines.servicing.outlook import OUTLOOK
from karez.kernel.errors import ensure
from karez.services.closing.queries import QUERIES
from karez.services.lending.rows import STANDING_ROW

if TYPE_CHECKING:
    import psycopg

Records = npt.NDArray[np.void]
Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_OF_LOAN: list[tuple[str, str]] = [
    ("interest_account", "i8"),
    ("fee_account", "i8"),  # 0: not opened yet
    ("pd", "f8"),
    ("lgd", "f8"),
    ("product_key", "i8"),  # the same for loans of one version of a product
    ("late_key", "i8"),  # the same for loans of one policy of late charges
]
# A loan that is not done with, the columns of its standing first.
LOAN: np.dtype[np.void] = np.dtype(
    [(name, STANDING_ROW[name].str) for name in (STANDING_ROW.names or ())[1:]] + _OF_LOAN
)
# How income grows: what the rows of a standing and of ``LOAN`` have in common.
INCOME: np.dtype[np.void] = np.dtype(
    [
        (name, STANDING_ROW[name])
        for name in (
            "loan_number", "accrual_from", "accrual_until", "accrual_base_minor",
            "accrual_target_minor", "fee_income_base_minor", "fee_income_target_minor",
        )
    ]
)  # fmt: skip
_SIZE = np.dtype([("loan_number", "i8"), ("size", "i4")])


def read_loans(connection: psycopg.Connection, part: int, day: date) -> Records:
    """Return the loans of a part as they stand on a day (``LOAN``), in order of number."""
    asked = {"part": part, "day": day}
    result = connection.execute(QUERIES["part_loans"].text, asked, binary=True).pgresult
    assert result is not None  # noqa: S101 - for the type checker
    return unpack_columns(result, LOAN)


def read_income_before(connection: psycopg.Connection, loans: Records, day: int) -> Records:
    """Return how the income of these loans grew the day before (``INCOME``).

    What stands since this very day says so no more; then the row before it does, if there was one.
    """
    before = np.zeros(len(loans), INCOME)
    before["accrual_until"] = 1  # a stretch has a length
    for name in INCOME.names or ():
        before[name] = np.where(loans["since"] < day, loans[name], before[name])
    numbers: list[int] = loans["loan_number"][loans["since"] == day].tolist()
    if numbers:
        asked = {"loans": numbers, "day": date_of(day)}
        result = connection.execute(QUERIES["income_before"].text, asked, binary=True).pgresult
        assert result is not None  # noqa: S101 - for the type checker
        ended = unpack_columns(result, INCOME)
        before[np.searchsorted(loans["loan_number"], ended["loan_number"])] = ended
    return before


@attrs.frozen(eq=False)
class Outlooks:
    """Rows of ``OUTLOOK`` of several loans, one loan after another; ``offsets`` has their ends."""

    loans: Int64s
    rows: Records
    offsets: Int64s

    @property
    def owner(self) -> Int64s:
        """The place of its loan for each row."""
        return np.repeat(np.arange(len(self.loans)), np.diff(self.offsets))

    def sums(self, values: npt.NDArray[np.int64]) -> Int64s:
        """Return the sum by loan of a value for each row."""
        totals = np.concatenate([[0], np.cumsum(values)])
        return totals[self.offsets[1:]] - totals[self.offsets[:-1]]

    def of(self, wanted: Bools) -> Outlooks:
        """Return those of some of the loans."""
        sizes = np.diff(self.offsets)
        offsets = np.concatenate([[0], np.cumsum(sizes[wanted])])
        return Outlooks(self.loans[wanted], self.rows[np.repeat(wanted, sizes)], offsets)


def read_outlooks(connection: psycopg.Connection, loans: Int64s) -> Outlooks:
    """Return what is to come of these loans, which stand in order of number."""
    asked: dict[str, Sequence[int]] = {"loans": loans.tolist()}
    result = connection.execute(QUERIES["outlooks"].text, asked, binary=True).pgresult
    assert result is not None  # noqa: S101 - for the type checker
    sizes = unpack_columns(result, _SIZE)
    ensure(np.array_equal(sizes["loan_number"], loans), "every loan has an outlook")
    rows = np.frombuffer(result.get_value(0, 2) or b"", OUTLOOK)
    offsets = np.concatenate([[0], np.cumsum(sizes["size"] // OUTLOOK.itemsize, dtype=np.int64)])
    ensure(offsets[-1] == len(rows), "an outlook is whole rows")
    return Outlooks(loans, rows, offsets)
