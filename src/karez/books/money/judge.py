"""Which transfers of a batch may be posted, and with what effect. Pure: no database, no clock.

Three passes. The first looks at every row alone (amount, accounts, currency, date). The second
asks of each limited account whether it could bear all its debits and credits of this batch in the
worst order; nearly every batch ends here. The third walks, in order, only the groups that touch an
account which failed that test, or that need a balance to know their amount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from karez.books.money.answer import Answer, TargetKey, TargetState, Verdict
from karez.books.money.state import CLOSED, NO_LIMIT, BookState, Int64s
from karez.books.money.transfer import FIRST_DAY, Balancing, Phase
from karez.books.money.walk import Walk
from karez.books.money.wire import days_2000
from karez.kernel.money import AMOUNT_MAX_MINOR

Bools = npt.NDArray[np.bool_]

_FIRST = days_2000(FIRST_DAY)
_LAST = 2_921_939  # 9999-12-31


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
        walk = Walk(state, rows, verdict, known, unmade, special.tight, now)
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
        ids = np.array([key[0] for key in wanted], dtype="V16")
        for i in np.flatnonzero(np.isin(rows["entry_id"], ids)):
            key = (rows["entry_id"][i].tobytes(), int(rows["line"][i]))
            if key in wanted - known.keys() and rows["target_line"][i] < 0:  # a repeat comes later
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
