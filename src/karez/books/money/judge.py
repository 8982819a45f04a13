"""Which transfers of a batch may be posted, and with what effect. Pure: no database, no clock.

Three passes. The first looks at every row alone (amount, accounts, currency, date). The second
asks of each limited account whether it could bear all its debits and credits of this batch in the
worst order; nearly every batch ends here. The third walks, in order, only the groups that touch an
account which failed that test, or that need a balance to know their amount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.state import CLOSED, NO_LIMIT, BookState, Int64s
from karez.books.money.transfer import FIRST_DAY, Balancing, Phase
from karez.books.money.wire import days_2000
from karez.kernel.money import AMOUNT_MAX_MINOR

Bools = npt.NDArray[np.bool_]
TargetKey = tuple[bytes, int]

_FIRST = days_2000(FIRST_DAY)
_LAST = 2_921_939  # 9999-12-31


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


def judge(
    state: BookState,
    rows: npt.NDArray[np.void],
    *,
    settled: npt.NDArray[np.int16],
    targets: dict[TargetKey, TargetState],
    now: int,
) -> Verdict:
    """Return the verdict on each row; ``settled`` holds answers known before (POSTED = not yet).

    ``now`` is the instant of the batch in microseconds since 2000. ``state`` is not changed; it
    must know every account named and the sums of those that are limited or balanced.
    """
    known = _with_targets_of_batch(rows, targets)
    verdict = _first_reading(rows, settled, known)
    open_rows = settled == Answer.POSTED
    _check_each(state, rows, verdict, open_rows, now)
    group = rows["group"].astype(np.int64)
    group -= group[0]
    refused = _groups_with(group, verdict.answer > Answer.REPLAYED)
    special = _special_rows(state, rows, verdict, open_rows & ~refused[group])
    walked = _groups_with(group, special.rows) & ~refused
    if walked.any():
        unmade = set(known) - set(targets)
        walk = _Walk(state, rows, verdict, known, unmade, special.tight, now)
        for places in _groups_in_order(group, walked):
            if not walk.post_group([i for i in places if open_rows[i]]):
                refused[group[places[0]]] = True
    swept = refused[group] & (verdict.answer <= Answer.REPLAYED)
    verdict.answer[swept] = Answer.LINKED_REFUSED
    return verdict


def _groups_with(group: Int64s, marked: Bools) -> Bools:
    found = np.zeros(int(group[-1]) + 1, np.bool_)
    found[group[marked]] = True
    return found


def _groups_in_order(group: Int64s, wanted: Bools) -> Iterator[list[int]]:
    places = np.flatnonzero(wanted[group])
    edges = np.flatnonzero(np.diff(group[places])) + 1
    for piece in np.split(places, edges):
        yield piece.tolist()


def _with_targets_of_batch(
    rows: npt.NDArray[np.void], targets: dict[TargetKey, TargetState]
) -> dict[TargetKey, TargetState]:
    """Add the transfers of this very batch that others of it point at."""
    pointing = np.flatnonzero(rows["target_line"] >= 0)
    if not len(pointing):
        return targets
    wanted = {
        (rows["target_entry_id"][i].tobytes(), int(rows["target_line"][i])) for i in pointing
    } - targets.keys()
    known = dict(targets)
    if wanted:
        for i in np.flatnonzero(np.isin(rows["entry_id"], [key[0] for key in wanted])):
            key = (rows["entry_id"][i].tobytes(), int(rows["line"][i]))
            if key in wanted and rows["target_line"][i] < 0:
                asked = int(rows["amount_minor"][i])
                pending = rows["phase"][i] == Phase.PENDING
                known[key] = TargetState(
                    debit=int(rows["debit_account"][i]),
                    credit=int(rows["credit_account"][i]),
                    amount_minor=0 if pending else asked,
                    hold_minor=asked if pending else 0,
                    phase=int(rows["phase"][i]),
                    expires_at=int(rows["expires_at"][i]),
                    taken=False,
                )
    return known


def _first_reading(
    rows: npt.NDArray[np.void],
    settled: npt.NDArray[np.int16],
    targets: dict[TargetKey, TargetState],
) -> Verdict:
    """Take each row at its word, and from its target where it has one."""
    pending = rows["phase"] == Phase.PENDING
    asked = rows["amount_minor"]
    verdict = Verdict(
        answer=settled.copy(),
        debit=np.ascontiguousarray(rows["debit_account"]),
        credit=np.ascontiguousarray(rows["credit_account"]),
        amount=np.where(pending, 0, asked),
        hold=np.where(pending, asked, 0),
        detail={},
    )
    for i in np.flatnonzero(rows["target_line"] >= 0):
        key = (rows["target_entry_id"][i].tobytes(), int(rows["target_line"][i]))
        target = targets.get(key)
        if target is None:
            if settled[i] == Answer.POSTED:
                verdict.answer[i] = Answer.TARGET_UNKNOWN
            continue
        mirrored = rows["phase"][i] == Phase.POSTED
        verdict.debit[i] = target.credit if mirrored else target.debit
        verdict.credit[i] = target.debit if mirrored else target.credit
        verdict.hold[i] = 0 if mirrored else -target.hold_minor
        if mirrored:
            verdict.amount[i] = target.amount_minor
        elif rows["phase"][i] == Phase.POST:
            verdict.amount[i] = asked[i] or target.hold_minor
        else:
            verdict.amount[i] = 0
    return verdict


def _check_each(
    state: BookState, rows: npt.NDArray[np.void], verdict: Verdict, open_rows: Bools, now: int
) -> None:
    """Refuse rows that are wrong by themselves; the first fault found is the one told."""
    asked = rows["amount_minor"]
    debit, credit = verdict.debit, verdict.credit
    top = state.head.account_count
    debit_at = np.where((debit > 0) & (debit <= top), debit, 0)
    credit_at = np.where((credit > 0) & (credit <= top), credit, 0)
    plain = rows["target_line"] < 0
    closed_through = state.head.closed_through
    days = rows["valid_on"]
    past = np.zeros(len(rows), np.bool_) if closed_through is None else days <= closed_through
    undated = (rows["expires_at"] != 0) & (rows["expires_at"] <= now)
    malformed = (rows["phase"] == Phase.PENDING) & undated
    faults: list[tuple[Bools, Answer]] = [
        (plain & (asked <= 0) | (asked < 0), Answer.AMOUNT_NOT_POSITIVE),
        (asked > AMOUNT_MAX_MINOR, Answer.AMOUNT_TOO_LARGE),
        (debit_at == 0, Answer.ACCOUNT_UNKNOWN_DEBIT),
        (credit_at == 0, Answer.ACCOUNT_UNKNOWN_CREDIT),
        (debit == credit, Answer.SAME_ACCOUNT),
        (state.status[debit_at] == CLOSED, Answer.ACCOUNT_CLOSED_DEBIT),
        (state.status[credit_at] == CLOSED, Answer.ACCOUNT_CLOSED_CREDIT),
        (state.currency[debit_at] != state.currency[credit_at], Answer.CURRENCY_MIXED),
        ((days < _FIRST) | (days > _LAST), Answer.DATE_RANGE),
        (past, Answer.PERIOD_CLOSED),
        (malformed, Answer.PENDING_EXPIRED),
    ]
    unanswered = open_rows & (verdict.answer == Answer.POSTED)
    for wrong, answer in faults:
        hit = wrong & unanswered
        if hit.any():
            verdict.answer[hit] = answer
            unanswered &= ~hit


@attrs.frozen
class _Special:
    rows: Bools
    tight: set[int]


def _special_rows(
    state: BookState, rows: npt.NDArray[np.void], verdict: Verdict, live: Bools
) -> _Special:
    """Find the accounts that must be followed transfer by transfer, and the rows that need it."""
    pointing = rows["target_line"] >= 0
    special = live & (pointing | (rows["balancing"] != Balancing.NONE))
    if pointing.any():
        special |= live & np.isin(rows["entry_id"], rows["target_entry_id"][pointing])
    weight = verdict.amount + np.maximum(verdict.hold, 0)
    tight = {
        *_beyond(state, verdict.debit[live], weight[live], state.debit_guard, _spare_debit),
        *_beyond(state, verdict.credit[live], weight[live], state.credit_guard, _spare_credit),
    }
    for accounts in (verdict.debit[special], verdict.credit[special]):
        tight.update(accounts[state.limited(accounts)].tolist())
    tight.update(verdict.debit[live & (rows["balancing"] & Balancing.DEBIT != 0)].tolist())
    tight.update(verdict.credit[live & (rows["balancing"] & Balancing.CREDIT != 0)].tolist())
    if tight:
        touched = np.fromiter(tight, np.int64)
        special |= live & (np.isin(verdict.debit, touched) | np.isin(verdict.credit, touched))
    return _Special(special, tight)


def _spare_debit(state: BookState, at: Any) -> Any:  # an int or an array, as ``at`` is
    return state.credits_posted[at] - state.debits_posted[at] - state.debits_pending[at]


def _spare_credit(state: BookState, at: Any) -> Any:  # an int or an array, as ``at`` is
    return state.debits_posted[at] - state.credits_posted[at] - state.credits_pending[at]


def _beyond(
    state: BookState,
    accounts: Int64s,
    weight: Int64s,
    guard: Int64s,
    spare: Callable[[BookState, Any], Any],
) -> list[int]:
    """Return the guarded accounts that could not bear the sum of all these weights at once."""
    guarded = guard[accounts] != NO_LIMIT
    if not guarded.any():
        return []
    at, place = np.unique(accounts[guarded], return_inverse=True)
    needed = np.zeros(len(at), np.int64)
    np.add.at(needed, place, weight[guarded])
    return at[spare(state, at) - needed < guard[at]].tolist()


@attrs.define
class _Walk:
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
