"""Every refusal has a whole sentence, whatever was asked."""

from datetime import date
from uuid import UUID

import numpy as np
import pytest

from karez.books.money import Entry, Outcomes, Phase, Target, Transfer
from karez.books.money.answer import Answer, Verdict
from karez.books.money.state import BookState, Head
from karez.books.money.transfer import Balancing, Batch

HEAD = Head(1, 0, b"", account_count=2, transfer_count=0, volume_minor=0, closed_through=9_500)
REFUSALS = [answer for answer in Answer if answer > Answer.REPLAYED]
TARGET = Target(UUID(int=1), 3)
ASKED = [
    Transfer(1, 2, 5),
    Transfer(1, 2, 5, phase=Phase.PENDING),
    Transfer(1, 2, 5, balancing=Balancing.DEBIT),
    Transfer(target=TARGET),
    *(Transfer(phase=phase, target=TARGET) for phase in (Phase.POST, Phase.VOID, Phase.EXPIRE)),
]


def outcomes(transfer: Transfer, answer: Answer) -> Outcomes:
    state = BookState.empty(HEAD)
    state.codes.update({1: "cash", 2: "deposit"})
    state.currency[1:] = [int.from_bytes(code) for code in (b"EUR", b"JPY")]
    one, zero = np.ones(1, np.int64), np.zeros(1, np.int64)
    verdict = Verdict(np.array([answer], np.int16), one, one * 2, one * 5, zero, {0: -7})
    return Outcomes(
        batch=Batch.of([Entry(date(2026, 1, 5), [transfer])]),
        answer=verdict.answer,
        amount_minor=one * 5,
        recorded_at=zero,
        state=state,
        verdict=verdict,
        conflict={},
    )


@pytest.mark.parametrize("answer", REFUSALS, ids=lambda answer: answer.name)
def test_error__is_a_whole_sentence(answer: Answer) -> None:
    for transfer in ASKED:
        told = outcomes(transfer, answer)
        error = told.error(0)
        assert not set("{}") & set(error.message)
        assert "None" not in error.message
        assert told.refused == [0]
        with pytest.raises(type(error)):
            told.entry(0, 1)


def test_error__names_the_side_that_is_short() -> None:
    for answer, account in ((Answer.LIMIT_DEBIT, "cash"), (Answer.LIMIT_CREDIT, "deposit")):
        assert outcomes(ASKED[0], answer).error(0).details["account"] == account
    nothing = outcomes(ASKED[2], Answer.NOTHING_AVAILABLE)
    assert nothing.error(0).details["account"] == "cash"


def test_entry__tells_the_row_that_is_wrong_and_not_those_that_fell_with_it() -> None:
    told = outcomes(ASKED[0], Answer.LINKED_REFUSED)
    rows = np.concatenate([told.batch.rows] * 2)
    rows["line"] = [0, 1]
    both = Outcomes(
        Batch(rows),
        np.array([Answer.LINKED_REFUSED, Answer.SAME_ACCOUNT], np.int16),
        np.zeros(2, np.int64),
        np.zeros(2, np.int64),
        told.state,
        Verdict(*(np.ones(2, np.int64) for _ in range(5)), {}),
        {},
    )
    with pytest.raises(type(both.error(1)), match="both sides"):
        both.entry(0, 2)


def test_none__has_no_rows() -> None:
    assert (Outcomes.none().posted, Outcomes.none().replayed, Outcomes.none().refused) == (0, 0, [])
