"""Matching payments to loans: each rule, what stops it, and laws that hold for all of it."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.statements.making import entry
from karez.services.payments.matching import (
    LoanFacts,
    Reason,
    Register,
    Rule,
    alike,
    match,
    propose,
)
from karez.services.payments.references import creditor_reference, payment_reference

ANN, BOB = UUID(int=1), UUID(int=2)


def loan(number: int, borrower: UUID = ANN, **changes) -> LoanFacts:
    plain = {"currency": "EUR", "takes_payments": True, "due_minor": 0, "names": ()}
    return LoanFacts(number, borrower, **(plain | changes))


REGISTER = Register(
    loans={
        each.number: each
        for each in (
            loan(41, due_minor=1_000),
            loan(42, due_minor=2_000),
            loan(43, BOB, due_minor=1_000, names=("Bob Brown",)),
            loan(44, takes_payments=False),
            loan(45, currency="USD"),
            loan(70_001, BOB, due_minor=3_000, names=("Bob Brown",)),
        )
    },
    end_to_ends={"E42": frozenset({42})},
    mandates={"M1": frozenset({41, 42}), "M43": frozenset({43}), "M4": frozenset({42, 44})},
    accounts={
        "ANN": frozenset({41, 42, 44}),
        "BOB": frozenset({43}),
        "OLD": frozenset({44}),
        "TWO": frozenset({43, 70_001}),
        "EMPLOYER": frozenset({42, 43}),
    },
)

CASES = [
    ({"creditor_reference": creditor_reference(42)}, 42, Rule.REFERENCE),
    ({"creditor_reference": "4269"}, 42, Rule.REFERENCE),
    ({"end_to_end": payment_reference(42)}, 42, Rule.END_TO_END),
    ({"end_to_end": "E42"}, 42, Rule.END_TO_END),
    ({"mandate": "M43"}, 43, Rule.MANDATE),
    ({"remittance": f"thanks {payment_reference(43)}"}, 43, Rule.TEXT),
    ({"account": "BOB"}, 43, Rule.ACCOUNT),
    # Several signs agree, and the stronger is named.
    ({"creditor_reference": creditor_reference(42), "mandate": "M1"}, 42, Rule.REFERENCE),
    # A parent pays the loan of a child.
    ({"creditor_reference": creditor_reference(42), "account": "BOB"}, 42, Rule.REFERENCE),
    # A mandate for a loan that is over and one that is not.
    ({"mandate": "M4"}, 42, Rule.MANDATE),
    ({"mandate": "M1", "amount_minor": 2_000}, 42, Rule.MANDATE),
    ({"account": "ANN", "amount_minor": 2_000}, 42, Rule.ACCOUNT_AND_AMOUNT),
    ({"account": "ANN", "remittance": "loan 41"}, 41, Rule.NUMBER_CONFIRMED),
    ({"remittance": "LN-42", "amount_minor": 2_000}, 42, Rule.NUMBER_CONFIRMED),
    ({"remittance": "70001", "name": "BROWN, BOB"}, 70_001, Rule.NUMBER_CONFIRMED),
]
WAITING = [
    ({}, Reason.NO_SIGN, ()),
    ({"remittance": "thank you"}, Reason.NO_SIGN, ()),
    ({"creditor_reference": creditor_reference(99)}, Reason.LOAN_UNKNOWN, ()),
    # What the payer wrote is not passed over for what we guess.
    ({"creditor_reference": creditor_reference(99), "account": "BOB"}, Reason.LOAN_UNKNOWN, (43,)),
    ({"creditor_reference": creditor_reference(44)}, Reason.LOAN_CLOSED, (44,)),
    ({"account": "OLD"}, Reason.LOAN_CLOSED, (44,)),
    ({"creditor_reference": creditor_reference(45)}, Reason.CURRENCY, (45,)),
    (
        {"creditor_reference": creditor_reference(42), "mandate": "M43"},
        Reason.CONTRADICTION,
        (42, 43),
    ),
    (
        {"remittance": f"{payment_reference(42)} {payment_reference(43)}"},
        Reason.CONTRADICTION,
        (42, 43),
    ),
    ({"account": "ANN"}, Reason.AMBIGUOUS, (41, 42)),
    ({"account": "EMPLOYER", "amount_minor": 2_000}, Reason.AMBIGUOUS, (42, 43)),
    ({"mandate": "M1"}, Reason.AMBIGUOUS, (41, 42)),
    ({"remittance": "LN-42"}, Reason.PROPOSED, (42,)),
    ({"remittance": "loan 42", "name": "Bob Brown"}, Reason.PROPOSED, (42,)),
    ({"creditor_reference": creditor_reference(42), "payments": 3}, Reason.BATCH, ()),
    ({"creditor_reference": creditor_reference(42), "is_reversal": True}, Reason.REVERSAL, ()),
]


@pytest.mark.parametrize(("told", "number", "rule"), CASES)
def test_match(told: dict, number: int, rule: Rule):
    verdict = match(entry(**{"amount_minor": 777, **told}), "EUR", REGISTER)
    assert (verdict.loan, verdict.rule, verdict.reason) == (number, rule, None)
    assert any(number in sign.loans for sign in verdict.signs), "what it rests on is kept"


@pytest.mark.parametrize(("told", "reason", "candidates"), WAITING)
def test_match__waits(told: dict, reason: Reason, candidates: tuple[int, ...]):
    verdict = match(entry(**{"amount_minor": 777, **told}), "EUR", REGISTER)
    assert (verdict.loan, verdict.reason, verdict.candidates) == (None, reason, candidates)


def test_propose__name_and_amount_only_propose():
    paid = entry(1_000, name="Brown Bob")
    verdict = match(paid, "EUR", REGISTER)
    due = [REGISTER.loans[41], REGISTER.loans[43]]
    proposed = propose(paid, verdict, due)
    assert (proposed.loan, proposed.reason, proposed.candidates) == (None, Reason.PROPOSED, (43,))
    assert propose(entry(1_000, name="Eve"), verdict, due) == verdict
    assert propose(entry(1_000), verdict, due) == verdict


def test_alike():
    assert alike("Müller, Hans", "HANS MÜLLER")
    assert alike("Amina Hassan", "Amina Hasan")
    assert not alike("Amina Hassan", "Amir Hassan")
    assert not alike("", "")


TOLD = {
    "creditor_reference": st.sampled_from(["", *map(creditor_reference, (41, 44, 99)), "41"]),
    "end_to_end": st.sampled_from(["", "E42", payment_reference(43), "x"]),
    "mandate": st.sampled_from(["", "M1", "M43", "M4"]),
    "remittance": st.sampled_from(["", "LN-42", "70001", "loan 41 loan 42", payment_reference(45)]),
    "account": st.sampled_from(["", "ANN", "BOB", "OLD", "TWO", "EMPLOYER"]),
    "name": st.sampled_from(["", "Bob Brown"]),
    "amount_minor": st.sampled_from([1_000, 2_000, 3_000, 777]),
    "payments": st.sampled_from([1, 1, 1, 2]),
}


@given(st.fixed_dictionaries(TOLD), st.sampled_from(["EUR", "USD"]))
def test_laws(told: dict, currency: str):
    paid = entry(**told)
    verdict = match(paid, currency, REGISTER)
    assert (verdict.loan is None) == (verdict.reason is not None) == (verdict.rule is None)
    assert set(verdict.candidates) <= REGISTER.loans.keys()
    if verdict.loan is not None:
        chosen = REGISTER.loans[verdict.loan]
        assert chosen.takes_payments
        assert chosen.currency == currency
        assert all(verdict.loan in sign.loans for sign in verdict.signs if sign.loans)
    assert propose(paid, verdict, list(REGISTER.loans.values())).loan == verdict.loan
