"""The judge against the model, without a database: arrays in three passes against plain loops."""

from datetime import UTC, date, datetime
from random import Random
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from books.money.making import Maker
from books.money.model import Account, Model
from karez.books.money.answer import Answer, TargetState
from karez.books.money.judge import judge
from karez.books.money.state import CLOSED, NO_LIMIT, OPEN, BookState, Head
from karez.books.money.transfer import Batch, join
from karez.books.money.wire import days_2000, micros_2000

CLOCK = datetime(2026, 1, 5, tzinfo=UTC)
LIMIT = st.one_of(st.none(), st.integers(0, 40))


@st.composite
def models(draw: st.DrawFn) -> Model:
    """A book of a few accounts with what earlier batches have left on them."""
    model = Model(closed_through=draw(st.sampled_from([None, None, date(2026, 1, 5)])))
    for number in range(1, draw(st.integers(2, 6)) + 1):
        floor, ceiling = draw(LIMIT), draw(LIMIT)
        model.accounts[number] = Account(
            code=f"a{number}",
            side=draw(st.sampled_from(["debit", "credit"])),
            currency=draw(st.sampled_from(["EUR", "EUR", "EUR", "JPY"])),
            floor=None if floor is None else -floor,
            ceiling=ceiling,
            closed=draw(st.integers(0, 19)) == 19,
        )
    return model


def state_of(model: Model) -> BookState:
    """The arrays that say what the model says."""
    head = Head(
        number=1,
        recorded_at=0,
        digest=b"",
        account_count=len(model.accounts),
        transfer_count=0,
        volume_minor=0,
        closed_through=model.closed_through and days_2000(model.closed_through),
    )
    state = BookState.empty(head)
    for number, account in model.accounts.items():
        state.status[number] = CLOSED if account.closed else OPEN
        state.summed[number] = True
        state.currency[number] = account.currency == "JPY"
        for guards, side in ((state.debit_guard, "debit"), (state.credit_guard, "credit")):
            room = model.room(number, side)
            guards[number] = NO_LIMIT if room is None else model.spare(number, side) - room
        sums = model.sums(number)
        state.debits_posted[number], state.credits_posted[number] = sums[:2]
        state.debits_pending[number], state.credits_pending[number] = sums[2:]
    return state


def targets_of(model: Model) -> dict[tuple[bytes, int], TargetState]:
    return {
        (entry_id.bytes, line): TargetState(
            debit=move.debit,
            credit=move.credit,
            amount_minor=move.amount,
            hold_minor=move.hold,
            phase=move.phase,
            expires_at=move.expires_at,
            taken=(entry_id, line) in model.taken,
        )
        for (entry_id, line), move in model.moves.items()
    }


@given(models(), st.integers(0, 1 << 32), st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_judge__judges_as_the_model(model: Model, seed: int, sizes: list[int]) -> None:
    ids = (UUID(int=number) for number in range(1, 10_000))
    for step, size in enumerate(sizes):
        maker = Maker(Random(seed + step), model, CLOCK, ids)
        # Repeated ids are settled before anything is judged (MoneyBook does that).
        groups, seen = [], set(model.entries)
        for group in maker.groups(size):
            fresh = [e for e in group if e.entry_id not in seen and not seen.add(e.entry_id)]
            groups += [fresh] if fresh else []
        if not groups:
            continue
        rows = join([Batch.of(group, linked=True) for group in groups]).rows
        now = micros_2000(CLOCK) + step
        state, targets = state_of(model), targets_of(model)
        known = state.debits_posted.copy()
        verdict = judge(
            state, rows, settled=np.zeros(len(rows), np.int16), targets=targets, now=now
        )
        answers, _ = model.post(groups, now)
        assert [Answer(answer) for answer in verdict.answer] == answers
        assert (state.debits_posted == known).all(), "judging changes nothing"
        keys = [(e.entry_id, n) for g in groups for e in g for n in range(len(e.transfers))]
        for place, key in enumerate(keys):
            if answers[place] == Answer.POSTED:
                move = model.moves[key]
                assert (
                    verdict.debit[place],
                    verdict.credit[place],
                    verdict.amount[place],
                    verdict.hold[place],
                ) == (move.debit, move.credit, move.amount, move.hold)
