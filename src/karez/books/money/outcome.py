"""What became of a batch: an answer for each row, and the error that a refused row deserves."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money import errors
from karez.books.money.answer import Answer, Verdict
from karez.books.money.state import BookState, Int64s
from karez.books.money.transfer import Balancing, Batch, Phase
from karez.books.money.wire import date_of, instant_of
from karez.kernel.errors import KarezError
from karez.kernel.ids import show_id
from karez.kernel.money import AMOUNT_MAX_MINOR, currency, format_amount


@attrs.frozen
class Posted:
    """An entry in the book. ``replayed`` says that it was there before this call."""

    entry_id: UUID
    recorded_at: datetime
    amounts_minor: tuple[int, ...]
    replayed: bool


@attrs.frozen
class Outcomes:
    """Answers in the order of the rows. ``amount_minor`` is what each row moved or holds."""

    batch: Batch
    answer: npt.NDArray[np.int16]
    amount_minor: Int64s
    recorded_at: Int64s
    state: BookState | None
    verdict: Verdict | None
    conflict: dict[int, str]

    @classmethod
    def none(cls) -> Outcomes:
        """Return the outcome of an empty batch."""
        nothing = np.zeros(0, np.int64)
        return cls(Batch.of([]), nothing.astype(np.int16), nothing, nothing, None, None, {})

    @property
    def posted(self) -> int:
        """The number of transfers posted by this call."""
        return int((self.answer == Answer.POSTED).sum())

    @property
    def replayed(self) -> int:
        """The number of transfers that were in the book before."""
        return int((self.answer == Answer.REPLAYED).sum())

    @property
    def refused(self) -> list[int]:
        """The rows that were refused."""
        return np.flatnonzero(self.answer > Answer.REPLAYED).tolist()

    def entry(self, start: int, end: int) -> Posted:
        """Return the entry in these rows as posted, or raise what refused it."""
        answers = self.answer[start:end].tolist()
        refused = [row for row, answer in enumerate(answers, start) if answer > Answer.REPLAYED]
        if refused:
            # The row that is wrong tells more than the rows that fell with it.
            own = [row for row in refused if answers[row - start] != Answer.LINKED_REFUSED]
            raise self.error((own or refused)[0])
        return Posted(
            entry_id=self.entry_id(start),
            recorded_at=instant_of(int(self.recorded_at[start])),
            amounts_minor=tuple(self.amount_minor[start:end].tolist()),
            replayed=answers[0] == Answer.REPLAYED,
        )

    def entry_id(self, row: int) -> UUID:
        """Return the id of the entry this row belongs to."""
        return UUID(bytes=self.batch.rows["entry_id"][row].tobytes())

    def error(self, row: int) -> KarezError:
        """Return the error that refused this row."""
        answer = Answer(self.answer[row])
        return _ERRORS[answer](**self._details(row, answer))

    def _details(self, row: int, answer: Answer) -> dict[str, Any]:
        state, verdict = self.state, self.verdict
        if state is None or verdict is None:
            return {}
        asked = self.batch.rows[row]
        debit, credit = int(verdict.debit[row]), int(verdict.credit[row])
        on_debit = answer in _ON_DEBIT or (
            answer is Answer.NOTHING_AVAILABLE and int(asked["balancing"]) == Balancing.DEBIT
        )
        account = debit if on_debit else credit
        entry = show_id("ent", self.entry_id(row))
        details: dict[str, Any] = {
            "entry": entry,
            "account": state.label(account),
            "amount_minor": int(asked["amount_minor"]),
        }
        target = show_id("ent", UUID(bytes=asked["target_entry_id"].tobytes()))
        at = f"{target}/{int(asked['target_line'])}"
        match answer:
            case Answer.AMOUNT_TOO_LARGE:
                details["most_minor"] = AMOUNT_MAX_MINOR
            case Answer.ACCOUNT_CLOSED_DEBIT | Answer.ACCOUNT_CLOSED_CREDIT:
                details["closed_on"] = state.closed_on.get(account, "an earlier day")
            case Answer.CURRENCY_MIXED:
                details |= {"debit": state.label(debit), "credit": state.label(credit)}
                details["debit_currency"] = state.currency_code(debit)
                details["credit_currency"] = state.currency_code(credit)
            case Answer.DATE_RANGE | Answer.PERIOD_CLOSED:
                details["valid_on"] = _date_text(int(asked["valid_on"]))
                details["closed_through"] = _date_text(state.head.closed_through or 0)
            case Answer.LIMIT_DEBIT | Answer.LIMIT_CREDIT:
                money = currency(state.currency_code(account))
                moved = int(verdict.amount[row] + max(verdict.hold[row], 0))
                details["currency"] = money.code
                details["available"] = format_amount(verdict.detail[row], money)
                details["asked"] = format_amount(moved, money)
            case Answer.ENTRY_CONFLICT:
                details["field"] = self.conflict.get(self._start(row), "content")
            case Answer.ENTRY_MALFORMED:
                details["reason"] = "its rows contradict each other"
            case (
                Answer.TARGET_UNKNOWN
                | Answer.TARGET_PHASE
                | Answer.TARGET_TAKEN
                | Answer.PENDING_EXPIRED
                | Answer.PENDING_NOT_EXPIRED
                | Answer.PENDING_AMOUNT
            ):
                details |= self._target_details(row, at)
            case _:
                pass
        return details

    def _target_details(self, row: int, at: str) -> dict[str, Any]:
        asked = self.batch.rows[row]
        phase = Phase(int(asked["phase"]))
        pending_itself = phase is Phase.PENDING
        verdict = self.verdict
        held = -int(verdict.hold[row]) if verdict else 0
        return {
            "target": f"{show_id('ent', self.entry_id(row))}" if pending_itself else at,
            "action": "reverse" if phase is Phase.POSTED else phase.name.lower(),
            "phase": "not pending" if phase is not Phase.POSTED else "not posted",
            "expires_at": instant_of(int(asked["expires_at"])).isoformat()
            if pending_itself
            else "an instant before now"
            if phase is Phase.POST
            else "a later instant, or never",
            "held_minor": held,
            "asked_minor": int(asked["amount_minor"]),
        }

    def _start(self, row: int) -> int:
        return row - int(self.batch.rows["line"][row])


def _date_text(days: int) -> str:
    try:
        return str(date_of(days))
    except (ValueError, OverflowError):
        return f"day {days} after 2000-01-01"


_ON_DEBIT = {
    Answer.ACCOUNT_UNKNOWN_DEBIT,
    Answer.ACCOUNT_CLOSED_DEBIT,
    Answer.LIMIT_DEBIT,
    Answer.SAME_ACCOUNT,
}

_ERRORS: dict[Answer, type[KarezError]] = {
    Answer.AMOUNT_NOT_POSITIVE: errors.AmountNotPositiveError,
    Answer.AMOUNT_TOO_LARGE: errors.AmountTooLargeError,
    Answer.SAME_ACCOUNT: errors.SameAccountError,
    Answer.ACCOUNT_UNKNOWN_DEBIT: errors.AccountUnknownError,
    Answer.ACCOUNT_UNKNOWN_CREDIT: errors.AccountUnknownError,
    Answer.ACCOUNT_CLOSED_DEBIT: errors.AccountClosedError,
    Answer.ACCOUNT_CLOSED_CREDIT: errors.AccountClosedError,
    Answer.CURRENCY_MIXED: errors.CurrencyMixedError,
    Answer.DATE_RANGE: errors.DateRangeError,
    Answer.PERIOD_CLOSED: errors.PeriodClosedError,
    Answer.LIMIT_DEBIT: errors.LimitExceededError,
    Answer.LIMIT_CREDIT: errors.LimitExceededError,
    Answer.NOTHING_AVAILABLE: errors.NothingAvailableError,
    Answer.TARGET_UNKNOWN: errors.TargetUnknownError,
    Answer.TARGET_PHASE: errors.TargetPhaseError,
    Answer.TARGET_TAKEN: errors.TargetTakenError,
    Answer.PENDING_EXPIRED: errors.PendingExpiredError,
    Answer.PENDING_NOT_EXPIRED: errors.PendingNotExpiredError,
    Answer.PENDING_AMOUNT: errors.PendingAmountError,
    Answer.ENTRY_CONFLICT: errors.EntryConflictError,
    Answer.ENTRY_MALFORMED: errors.EntryMalformedError,
    Answer.LINKED_REFUSED: errors.LinkedRefusedError,
}
