"""What the judge says of each transfer, and what it is told of those that others point at."""

from __future__ import annotations

from enum import IntEnum

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.state import Int64s

TargetKey = tuple[bytes, int]


class Answer(IntEnum):
    """What became of one transfer."""

    POSTED = 0
    REPLAYED = 1  # posted before, with the same content
    AMOUNT_NOT_POSITIVE = 2
    AMOUNT_TOO_LARGE = 3
    SAME_ACCOUNT = 4
    ACCOUNT_UNKNOWN_DEBIT = 5
    ACCOUNT_UNKNOWN_CREDIT = 6
    ACCOUNT_CLOSED_DEBIT = 7
    ACCOUNT_CLOSED_CREDIT = 8
    CURRENCY_MIXED = 9
    DATE_RANGE = 10
    PERIOD_CLOSED = 11
    LIMIT_DEBIT = 12
    LIMIT_CREDIT = 13
    NOTHING_AVAILABLE = 14
    TARGET_UNKNOWN = 15
    TARGET_PHASE = 16
    TARGET_TAKEN = 17
    PENDING_EXPIRED = 18
    PENDING_NOT_EXPIRED = 19
    PENDING_AMOUNT = 20
    ENTRY_CONFLICT = 21
    ENTRY_MALFORMED = 22
    LINKED_REFUSED = 23


@attrs.frozen
class TargetState:
    """A transfer that another one points at, as it stands before the batch."""

    debit: int
    credit: int
    amount_minor: int
    hold_minor: int
    phase: int
    expires_at: int
    taken: bool


@attrs.define
class Verdict:
    """An answer for each row and, where it is POSTED, what it moves."""

    answer: npt.NDArray[np.int16]
    debit: Int64s
    credit: Int64s
    amount: Int64s
    hold: Int64s
    detail: dict[int, int]  # row -> the available amount that refused it

    @property
    def refused_accounts(self) -> Int64s:
        """The accounts that refused rows name."""
        refused = self.answer > Answer.REPLAYED
        return np.concatenate([self.debit[refused], self.credit[refused]])
