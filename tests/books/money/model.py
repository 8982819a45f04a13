"""The money book in its plainest form: lists, dictionaries and loops that anyone can check by eye.

It says what the real book must answer. Every sum is made again from all moves, every rule is
written once, in the order of its words in docs/concepts/transfers.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

import attrs

from karez.books.money.answer import Answer
from karez.books.money.transfer import Balancing, Entry, Phase, Transfer
from karez.books.money.wire import micros_2000

Key = tuple[UUID, int]


@attrs.define
class Account:
    code: str
    side: str
    currency: str
    floor: int | None = None
    ceiling: int | None = None
    closed: bool = False


@attrs.frozen
class Move:
    """One transfer in the book. Four numbers say all: amount and hold, on two accounts."""

    entry_id: UUID
    line: int
    debit: int
    credit: int
    amount: int
    hold: int
    phase: Phase
    valid_on: date
    recorded_at: int
    expires_at: int = 0

    @property
    def shown(self) -> int:
        return self.amount + max(self.hold, 0)


@attrs.define
class Model:
    accounts: dict[int, Account] = attrs.field(factory=dict[int, Account])
    entries: dict[UUID, Entry] = attrs.field(factory=dict[UUID, Entry])
    moves: dict[Key, Move] = attrs.field(factory=dict[Key, Move])
    taken: set[Key] = attrs.field(factory=set[Key])
    closed_through: date | None = None

    def copy(self) -> Model:
        return Model(
            {number: attrs.evolve(account) for number, account in self.accounts.items()},
            dict(self.entries),
            dict(self.moves),
            set(self.taken),
            self.closed_through,
        )

    # Asking.

    def sums(
        self, number: int, valid_on: date = date.max, known_at: int | None = None
    ) -> tuple[int, int, int, int]:
        """Debits and credits posted, debits and credits pending."""
        sums = [0, 0, 0, 0]
        for move in self.known(valid_on, known_at):
            for side, account in enumerate((move.debit, move.credit)):
                if account == number:
                    sums[side] += move.amount
                    sums[side + 2] += move.hold
        return sums[0], sums[1], sums[2], sums[3]

    def known(self, valid_on: date, known_at: int | None) -> Iterable[Move]:
        for move in self.moves.values():
            if move.valid_on <= valid_on and (known_at is None or move.recorded_at <= known_at):
                yield move

    def room(self, number: int, side: str) -> int | None:
        """How much more the account may be debited (or credited); None where nothing limits it."""
        account = self.accounts[number]
        if side == account.side:
            limit = None if account.ceiling is None else -account.ceiling
        else:
            limit = account.floor
        return None if limit is None else self.spare(number, side) - limit

    def spare(self, number: int, side: str) -> int:
        """How much the account may be debited (or credited) before it would pass zero."""
        debits, credits_, debits_pending, credits_pending = self.sums(number)
        if side == "debit":
            return credits_ - debits - debits_pending
        return debits - credits_ - credits_pending

    # Posting.

    def post(  # noqa: C901 - the whole of posting, to be read at a stretch
        self, groups: Sequence[Sequence[Entry]], now: int
    ) -> tuple[list[Answer], list[int | None]]:
        """Post groups of entries; answer for each row, and what it moved where it stands."""
        fates: list[tuple[Entry, list[Answer]]] = []
        first: dict[UUID, Entry] = {}
        fate: dict[UUID, list[Answer]] = {}  # of the first of an id, once its group is through
        before = set(self.entries)
        asked: dict[Key, Transfer] = {}  # what of this batch a target may be found in
        for entry in (entry for group in groups for entry in group):
            for line, transfer in enumerate(entry.transfers):
                if transfer.target is None:
                    asked.setdefault((entry.entry_id, line), transfer)
        for group in groups:
            own: dict[int, list[Answer]] = {}  # answers that are known before anything is moved
            for place, entry in enumerate(group):
                same: bool | None = None
                if entry.entry_id in before:
                    same = self.entries[entry.entry_id] == entry
                elif entry.entry_id in first:
                    same = first[entry.entry_id] == entry
                first.setdefault(entry.entry_id, entry)
                if same is not None:
                    answer = Answer.REPLAYED if same else Answer.ENTRY_CONFLICT
                    own[place] = [answer] * len(entry.transfers)
                if same and entry.entry_id not in before and entry.entry_id in fate:
                    own[place] = [max(a, Answer.REPLAYED) for a in fate[entry.entry_id]]
            stored = {place for place in own if group[place].entry_id in before}
            answers = self._post_group(group, own, stored, asked, now)
            for entry, answer in zip(group, answers, strict=True):
                fate.setdefault(entry.entry_id, answer)
                fates.append((entry, answer))
        flat = [answer for _, answers in fates for answer in answers]
        moved: list[int | None] = []
        for entry, answers in fates:
            for line, answer in enumerate(answers):
                stands = answer <= Answer.REPLAYED
                moved.append(self.moves[entry.entry_id, line].shown if stands else None)
        return flat, moved

    def _post_group(
        self,
        group: Sequence[Entry],
        own: dict[int, list[Answer]],
        stored: set[int],
        asked: dict[Key, Transfer],
        now: int,
    ) -> list[list[Answer]]:
        """Post what is fresh of a group if all of it can be; ``own`` are answers known before."""
        fresh = [place for place in range(len(group)) if place not in own]
        if fresh or not _stands(list(own.values())):
            # What was posted is linked now with what was not posted with it: other content.
            for place in stored:
                own[place] = [max(a, Answer.ENTRY_CONFLICT) for a in own[place]]
        answers = [own.get(place, []) for place in range(len(group))]
        for place in fresh:
            answers[place] = [
                self._alone(group[place], transfer, asked, now)
                for transfer in group[place].transfers
            ]
        if _stands(answers):
            moves, taken = dict(self.moves), set(self.taken)
            for place in fresh:
                for line in range(len(group[place].transfers)):
                    answers[place][line] = self._move(group[place], line, asked, now)
                    if not _stands(answers):
                        self.moves, self.taken = moves, taken
                        return _swept(answers)
            self.entries.update({group[p].entry_id: group[p] for p in fresh})
        return _swept(answers)

    def _alone(self, entry: Entry, t: Transfer, asked: dict[Key, Transfer], now: int) -> Answer:
        """What is wrong with a transfer whatever the balances are."""
        debit, credit = t.debit, t.credit
        if t.target is not None:
            key = (t.target.entry_id, t.target.line)
            target = self._stored(key, now) or asked.get(key)
            if target is None:
                return Answer.TARGET_UNKNOWN
            debit, credit = target.debit, target.credit
            if t.phase == Phase.POSTED:
                debit, credit = credit, debit
        wrong = [
            (t.amount_minor < 0 or (t.target is None and t.amount_minor == 0),
             Answer.AMOUNT_NOT_POSITIVE),
            (debit not in self.accounts, Answer.ACCOUNT_UNKNOWN_DEBIT),
            (credit not in self.accounts, Answer.ACCOUNT_UNKNOWN_CREDIT),
            (debit == credit, Answer.SAME_ACCOUNT),
        ]  # fmt: skip
        for fault, answer in wrong:
            if fault:
                return answer
        on_debit, on_credit = self.accounts[debit], self.accounts[credit]
        wrong = [
            (on_debit.closed, Answer.ACCOUNT_CLOSED_DEBIT),
            (on_credit.closed, Answer.ACCOUNT_CLOSED_CREDIT),
            (on_debit.currency != on_credit.currency, Answer.CURRENCY_MIXED),
            (self.closed_through is not None and entry.valid_on <= self.closed_through,
             Answer.PERIOD_CLOSED),
            (t.expires_at is not None and micros_2000(t.expires_at) <= now,
             Answer.PENDING_EXPIRED),
        ]  # fmt: skip
        return next((answer for fault, answer in wrong if fault), Answer.POSTED)

    def _move(  # noqa: C901 - as post
        self, entry: Entry, line: int, asked: dict[Key, Transfer], now: int
    ) -> Answer:
        """Move what this transfer moves, or say why it cannot be moved."""
        t = entry.transfers[line]
        debit, credit, amount, hold = t.debit, t.credit, t.amount_minor, 0
        if t.phase == Phase.PENDING:
            amount, hold = 0, amount
        if t.target is not None:
            key = (t.target.entry_id, t.target.line)
            target = self._stored(key, now) or (self.moves.get(key) if key in asked else None)
            if target is None:
                return Answer.TARGET_UNKNOWN
            answer = self._target_fault(t, target, now)
            if answer != Answer.POSTED:
                return answer
            self.taken.add(key)
            debit, credit = target.debit, target.credit
            if t.phase == Phase.POSTED:
                debit, credit, amount = credit, debit, target.amount
            else:
                hold = -target.hold
                amount = (t.amount_minor or target.hold) if t.phase == Phase.POST else 0
        if t.balancing:
            moved = t.amount_minor
            for side, account, flag in (
                ("debit", debit, Balancing.DEBIT),
                ("credit", credit, Balancing.CREDIT),
            ):
                if t.balancing & flag:
                    room = self.room(account, side)
                    moved = min(moved, self.spare(account, side) if room is None else room)
            if moved <= 0:
                return Answer.NOTHING_AVAILABLE
            amount, hold = (0, moved) if hold else (moved, 0)
        if hold >= 0:  # what resolves a pending transfer only gives room back
            for side, account, refusal in (
                ("debit", debit, Answer.LIMIT_DEBIT),
                ("credit", credit, Answer.LIMIT_CREDIT),
            ):
                room = self.room(account, side)
                if room is not None and room < amount + hold:
                    return refusal
        expires_at = micros_2000(t.expires_at) if t.expires_at else 0
        self.moves[entry.entry_id, line] = Move(
            entry.entry_id, line, debit, credit, amount, hold, t.phase, entry.valid_on, now,
            expires_at,
        )  # fmt: skip
        return Answer.POSTED

    def _stored(self, key: Key, now: int) -> Move | None:
        """A transfer of an earlier batch; of this batch only those without a target serve."""
        move = self.moves.get(key)
        return move if move and move.recorded_at < now else None

    def _target_fault(self, t: Transfer, target: Move, now: int) -> Answer:
        wants = (Phase.POSTED, Phase.POST) if t.phase == Phase.POSTED else (Phase.PENDING,)
        expired = 0 < target.expires_at <= now
        if target.phase not in wants:
            return Answer.TARGET_PHASE
        if (target.entry_id, target.line) in self.taken:
            return Answer.TARGET_TAKEN
        if t.phase == Phase.POST and expired:
            return Answer.PENDING_EXPIRED
        if t.phase == Phase.EXPIRE and not expired:
            return Answer.PENDING_NOT_EXPIRED
        if t.phase == Phase.POST and t.amount_minor > target.hold:
            return Answer.PENDING_AMOUNT
        return Answer.POSTED


def _stands(answers: list[list[Answer]]) -> bool:
    return all(answer <= Answer.REPLAYED for rows in answers for answer in rows)


def _swept(answers: list[list[Answer]]) -> list[list[Answer]]:
    """Where one row is refused, the rest of its group is too."""
    if _stands(answers):
        return answers
    return [[a if a > Answer.REPLAYED else Answer.LINKED_REFUSED for a in r] for r in answers]
