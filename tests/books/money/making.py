"""Batches for the model and the book: few accounts, few amounts, few days, many repeats.

Skewed on purpose. A fault that needs two equal dates, a repeated id and a full account at once
does not show in data spread evenly over large numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

import attrs

from books.money.model import Model, Move
from karez.books.money.transfer import Balancing, Entry, Phase, Target, Transfer

DAYS = [date(2026, 1, 5) + timedelta(days=n) for n in (0, 0, 0, 1, 2, 30)]
AMOUNTS = (1, 2, 5, 10, 10, 10, 10, 15, 100, 1000)
KINDS = ("general", "general", "fee", "repayment")
FAR = datetime(2100, 1, 1, tzinfo=UTC)
SOON = timedelta(milliseconds=2)


@attrs.define
class Maker:
    """Makes the next batch for a book that stands as ``model`` says."""

    random: Random
    model: Model
    clock: datetime
    ids: Iterator[UUID]
    waits: bool = False  # whether something made here expires within milliseconds
    made: list[Entry] = attrs.field(factory=list[Entry])

    def groups(self, size: int) -> list[list[Entry]]:
        """Entries in groups: most alone, some linked."""
        groups: list[list[Entry]] = []
        while len(self.made) < size:
            linked = self.random.choice((*(1,) * 9, 2, 3))
            groups.append([self.entry() for _ in range(linked)])
        return groups

    def entry(self) -> Entry:
        chance = self.random.random()
        past = list(self.model.entries.values())[-10:]
        if chance < 0.06 and past:
            entry = self.random.choice(past)
        elif chance < 0.1 and self.made:
            entry = self.random.choice(self.made)
        else:
            entry = self.fresh()
            chance = 1.0
        if chance < 0.1 and self.random.random() < 0.4:
            entry = self.changed(entry)
        self.made.append(entry)
        return entry

    def fresh(self) -> Entry:
        random = self.random
        entry_id = next(self.ids)
        transfers: list[Transfer] = []
        for _ in range(random.choice((*(1,) * 7, 2, 3))):
            transfers.append(self.transfer(entry_id, transfers))
        return Entry(
            random.choice(DAYS),
            tuple(transfers),
            kind=random.choice(KINDS),
            memo=random.choice(("", "", "", "für Öl 油")),
            reference=random.choice(({}, {}, {"b": "1", "a": "2"})),
            entry_id=entry_id,
        )

    def transfer(self, entry_id: UUID, before: Sequence[Transfer]) -> Transfer:
        chance = self.random.random()
        if chance < 0.28:
            return self.pointing(entry_id, before)
        amount = self.random.choice(AMOUNTS)
        debit, credit = self.account(), self.account()
        if chance < 0.92 and debit == credit:
            credit = debit % len(self.model.accounts) + 1
        if chance > 0.98:
            amount = self.random.choice((0, -1, -100))
        pending = chance < 0.46
        expires_at = None
        if pending and self.random.random() < 0.3:
            expires_at = self.random.choice((FAR, FAR, self.clock + SOON, self.clock - SOON))
            self.waits |= expires_at != FAR
        balancing = Balancing(self.random.choice((0, 0, 0, 0, 0, 0, 1, 2, 3)))
        return Transfer(
            debit,
            credit,
            amount,
            phase=Phase.PENDING if pending else Phase.POSTED,
            balancing=balancing,
            expires_at=expires_at,
        )

    def account(self) -> int:
        if self.random.random() < 0.005:
            return self.random.choice((0, len(self.model.accounts) + 1, (1 << 62) - 1))
        return self.random.randint(1, len(self.model.accounts))

    def pointing(self, entry_id: UUID, before: Sequence[Transfer]) -> Transfer:
        random = self.random
        keys = [key for key, move in self.model.moves.items() if self.open(key, move)][-8:]
        keys += list(self.model.moves)[-4:]
        keys += [(e.entry_id, n) for e in self.made[-3:] for n in range(len(e.transfers))]
        keys += [(entry_id, line) for line in range(len(before))]
        key = random.choice(keys) if keys else (entry_id, 7)
        move = self.model.moves.get(key)
        phase, amount = random.choice((Phase.POST, Phase.POST, Phase.VOID, Phase.EXPIRE)), 0
        if (move and move.phase in (Phase.POSTED, Phase.POST)) != (random.random() < 0.1):
            phase = Phase.POSTED
        if phase is Phase.POST:
            held = move.hold if move else 10
            amount = random.choice((0, 0, 1, held - 1, held, held + 1, -1))
        return Transfer(phase=phase, amount_minor=amount, target=Target(*key))

    def open(self, key: tuple[UUID, int], move: Move) -> bool:
        return move.phase is Phase.PENDING and key not in self.model.taken

    def changed(self, entry: Entry) -> Entry:
        """The same id with other content, in one field."""
        transfers = list(entry.transfers)
        place = self.random.randrange(len(transfers))
        t = transfers[place]
        first = attrs.evolve(t, amount_minor=t.amount_minor + 1)
        if t.target is not None and t.phase is not Phase.POST:
            first = attrs.evolve(t, target=attrs.evolve(t.target, line=t.target.line + 1))
        swapped = attrs.evolve(t, debit=t.credit + 1, credit=t.debit)
        if t.target is not None:
            swapped = first
        transfers[place] = self.random.choice((first, swapped))
        return self.random.choice(
            (
                attrs.evolve(entry, transfers=tuple(transfers)),
                attrs.evolve(entry, transfers=(*entry.transfers, entry.transfers[0])),
                attrs.evolve(entry, memo=entry.memo + "!"),
                attrs.evolve(entry, reference={"a": "x"}),
                attrs.evolve(entry, kind=entry.kind + "-2"),
                attrs.evolve(entry, valid_on=entry.valid_on + timedelta(days=1)),
            )
        )
