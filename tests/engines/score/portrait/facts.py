"""Random facts about a few parties, at ages where windows begin and end."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from karez.engines.score.portrait import (
    Invoices,
    Labels,
    Movements,
    Payrolls,
    Records,
    Repayments,
    Sittings,
)

PARTIES = 3
DAY = 18_000
KNOWN_AT = 100

_EDGES = [0, 1, 27, 28, 90, 91, 167, 168, 181, 182, 363, 364, 454, 455, 727, 728]
_age = st.one_of(st.sampled_from(_EDGES), st.integers(-40, 900))
_day = _age.map(lambda age: DAY - age)
_recorded_at = st.sampled_from([0, 50, KNOWN_AT, KNOWN_AT + 1])
_amount = st.one_of(st.integers(1, 10**6), st.integers(-(10**5), 10**5))


def _table(table, most, **columns):
    names = ("party", "day", "recorded_at", *columns)
    party = st.integers(0, PARTIES - 1)
    fact = st.tuples(party, _day, _recorded_at, *columns.values())
    return st.lists(fact, max_size=most).map(
        lambda facts: table(
            **dict(zip(names, np.array(facts, np.int64).reshape(-1, len(names)).T, strict=True))
        )
    )


def invoices(most=40):
    return _table(
        Invoices,
        most,
        side=st.integers(0, 1),
        counterparty=st.integers(0, 4),
        status=st.sampled_from([0, 0, 0, 1, 2]),
        amount_minor=_amount,
    )


def movements(most=15):
    return _table(
        Movements,
        most,
        account=st.integers(0, 2),
        kind=st.integers(0, 2),
        amount_minor=_amount,
        balance_minor=st.integers(-(10**5), 10**6),
    )


def payrolls(most=15):
    return _table(Payrolls, most, gross_minor=st.integers(0, 10**6), headcount=st.integers(-1, 30))


def repayments(most=20):
    return _table(
        Repayments,
        most,
        loan=st.integers(0, 2),
        kind=st.integers(0, 1),
        amount_minor=st.integers(0, 5),
    )


def labels(most=8):
    return _table(Labels, most, kind=st.integers(0, 1), label=st.integers(0, 2))


def records():
    return st.builds(
        Records,
        parties=st.just(["a", "b", "c"]),
        invoices=invoices(),
        movements=movements(),
        payrolls=payrolls(),
        repayments=repayments(),
        labels=labels(),
        label_names=st.just(["x", "y", "z"]),
    )


def sittings():
    """Some parties, once or more often, as of a few days."""
    one = st.tuples(
        st.integers(0, PARTIES - 1),
        st.sampled_from([DAY, DAY, DAY - 30, DAY - 400]),
        st.sampled_from([KNOWN_AT, KNOWN_AT, 50]),
    )
    return st.lists(one, min_size=1, max_size=4).map(
        lambda rows: Sittings(*np.array(rows, np.int64).T)
    )
