"""The judge's third pass: transfers one by one, each against what those before it have left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.answer import Answer, TargetKey, TargetState, Verdict
from karez.books.money.state import NO_LIMIT, BookState
from karez.books.money.transfer import Balancing, Phase


@attrs.define
class Walk:
    """The third pass: groups in order, each posted whole or not at all."""

    state: BookState
    rows: npt.NDArray[np.void]
    verdict: Verdict
    targets: dict[TargetKey, TargetState]
    unmade: set[TargetKey]  # targets that this batch has yet to make
    tight: set[int]
    now: int
    sums: dict[int, list[int]] = attrs.field(factory=dict[int, "list[int]"])
    taken: set[TargetKey] = attrs.field(factory=set[TargetKey])

    def post_group(self, places: list[int]) -> bool:
        """Post the rows at ``places`` if all of them can be; otherwise leave no trace of any."""
        undo: list[Callable[[], Any]] = []
        for i in places:
            answer = self._post(i, undo)
            if answer != Answer.POSTED:
                self.verdict.answer[i] = answer
                for step in reversed(undo):
                    step()
                return False
        return True

    def _post(self, i: int, undo: list[Callable[[], Any]]) -> Answer:
        row = self.rows[i]
        debit, credit = int(self.verdict.debit[i]), int(self.verdict.credit[i])
        if row["target_line"] >= 0:
            key = (row["target_entry_id"].tobytes(), int(row["target_line"]))
            answer = self._check_target(key, row)
            if answer != Answer.POSTED:
                return answer
            self.taken.add(key)
            undo.append(lambda: self.taken.discard(key))
            self._move_as_target(self.targets[key], row, i)
        amount, hold = int(self.verdict.amount[i]), int(self.verdict.hold[i])
        if row["balancing"] != Balancing.NONE:
            moved = self._balanced(int(row["balancing"]), debit, credit, amount + hold)
            if moved <= 0:
                return Answer.NOTHING_AVAILABLE
            amount, hold = (moved, 0) if amount else (0, moved)
            self.verdict.amount[i], self.verdict.hold[i] = amount, hold
        need = amount + hold if hold >= 0 else 0  # what is held already bears its own post
        for account, side, answer in (
            (debit, 0, Answer.LIMIT_DEBIT),
            (credit, 1, Answer.LIMIT_CREDIT),
        ):
            if account in self.tight and need:
                spare = self._available(account, side)
                if spare is not None and spare < need:
                    self.verdict.detail[i] = spare
                    return answer
        self._add(debit, 0, amount, hold, undo)
        self._add(credit, 1, amount, hold, undo)
        self._make_target(row, i, undo)
        return Answer.POSTED

    def _make_target(self, row: Any, i: int, undo: list[Callable[[], Any]]) -> None:
        """Let later rows of the batch point at this one, with the amount it has come to."""
        key = (row["entry_id"].tobytes(), int(row["line"]))
        if key in self.unmade:
            before = self.targets[key]
            self.targets[key] = attrs.evolve(
                before,
                amount_minor=int(self.verdict.amount[i]),
                hold_minor=int(self.verdict.hold[i]),
            )
            self.unmade.discard(key)
            undo.append(lambda: self.unmade.add(key))

    def _move_as_target(self, target: TargetState, row: Any, i: int) -> None:
        mirrored = row["phase"] == Phase.POSTED
        self.verdict.hold[i] = 0 if mirrored else -target.hold_minor
        if mirrored:
            self.verdict.amount[i] = target.amount_minor
        elif row["phase"] == Phase.POST and row["amount_minor"] == 0:
            self.verdict.amount[i] = target.hold_minor

    def _check_target(self, key: TargetKey, row: Any) -> Answer:
        if key in self.unmade:
            return Answer.TARGET_UNKNOWN
        target = self.targets[key]
        phase = Phase(int(row["phase"]))
        expired = 0 < target.expires_at <= self.now
        wants = (Phase.POSTED, Phase.POST) if phase is Phase.POSTED else (Phase.PENDING,)
        faults = {
            Answer.TARGET_PHASE: target.phase not in wants,
            Answer.TARGET_TAKEN: target.taken or key in self.taken,
            Answer.PENDING_EXPIRED: phase is Phase.POST and expired,
            Answer.PENDING_NOT_EXPIRED: phase is Phase.EXPIRE and not expired,
            Answer.PENDING_AMOUNT: phase is Phase.POST and row["amount_minor"] > target.hold_minor,
        }
        return next((answer for answer, wrong in faults.items() if wrong), Answer.POSTED)

    def _balanced(self, balancing: int, debit: int, credit: int, asked: int) -> int:
        """Return how much of ``asked`` is available; where there is no limit, down to zero."""
        for account, side, flag in ((debit, 0, Balancing.DEBIT), (credit, 1, Balancing.CREDIT)):
            if balancing & flag:
                spare = self._available(account, side)
                asked = min(asked, self._spare(account, side) if spare is None else spare)
        return asked

    def _available(self, account: int, side: int) -> int | None:
        """Return how much may still be moved on this side; None where nothing limits it."""
        guard = int((self.state.credit_guard if side else self.state.debit_guard)[account])
        return None if guard == NO_LIMIT else self._spare(account, side) - guard

    def _spare(self, account: int, side: int) -> int:
        debits, credits_, debits_pending, credits_pending = self._sums(account)
        return debits - credits_ - credits_pending if side else credits_ - debits - debits_pending

    def _sums(self, account: int) -> list[int]:
        if account not in self.sums:
            state = self.state
            self.sums[account] = [
                int(state.debits_posted[account]),
                int(state.credits_posted[account]),
                int(state.debits_pending[account]),
                int(state.credits_pending[account]),
            ]
        return self.sums[account]

    def _add(
        self, account: int, side: int, amount: int, hold: int, undo: list[Callable[[], Any]]
    ) -> None:
        if account not in self.tight:
            return
        sums = self._sums(account)
        sums[side] += amount
        sums[side + 2] += hold

        def take_back() -> None:
            sums[side] -= amount
            sums[side + 2] -= hold

        undo.append(take_back)
