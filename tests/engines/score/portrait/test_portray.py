"""Portraits beside their slow twin, and the cut that nothing passes."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.score.portrait import facts as random_facts
from engines.score.portrait import twin
from engines.score.portrait.facts import DAY, KNOWN_AT
from karez.engines.score.portrait import (
    FEATURES,
    LABELS,
    FeatureUnknownError,
    Invoices,
    Missing,
    Records,
    Sittings,
    facts_behind,
    find_feature,
    portray,
)

TABLES = ("invoices", "movements", "payrolls", "repayments", "labels")


@settings(max_examples=150)
@given(random_facts.records(), random_facts.sittings())
def test_portray__equals_its_twin(records: Records, sittings: Sittings):
    portraits = portray(records, sittings)
    for number in range(len(sittings)):
        expected = twin.figures(records, sittings, number)
        assert set(expected) == {feature.name for feature in FEATURES}
        for name, value in expected.items():
            found = portraits.numbers[name][number]
            why = portraits.missing[name][number]
            assert (value is None) == bool(np.isnan(found)) == (why != Missing.NOT), name
            if value is not None:
                assert found == pytest.approx(value, rel=1e-9, abs=1e-9), name
        for name, kind in LABELS.items():
            assert portraits.labels[name][number] == twin.label(records, sittings, number, kind)


def same(one, other):
    assert one.ids == other.ids
    for name, values in one.numbers.items():
        np.testing.assert_array_equal(values, other.numbers[name], name)
        np.testing.assert_array_equal(one.missing[name], other.missing[name], name)
    for name, texts in one.labels.items():
        assert texts.tolist() == other.labels[name].tolist()


@settings(max_examples=100)
@given(random_facts.records(), random_facts.records(), st.integers(1, 10_000), st.data())
def test_no_future__what_happens_or_is_learned_later_changes_nothing(records, others, shift, data):
    sittings = Sittings.of_all(records, DAY, KNOWN_AT)
    changed = {}
    for name in TABLES:
        table = getattr(records, name)
        later = (table.day > DAY) | (table.recorded_at > KNOWN_AT)
        past = table.take(~later)
        # Later facts that were there are shifted, further ones added.
        moved, added = table.take(later), getattr(others, name)
        moved = attrs.evolve(moved, day=np.where(moved.day > DAY, moved.day + shift, moved.day))
        on_day = np.array(data.draw(st.lists(st.booleans(), min_size=len(added),
                                             max_size=len(added))), np.bool_)  # fmt: skip
        added = attrs.evolve(
            added,
            day=np.where(on_day, np.maximum(added.day, DAY) + shift, added.day),
            recorded_at=np.where(on_day, added.recorded_at, KNOWN_AT + shift),
        )
        columns = [field.name for field in attrs.fields(type(table))]
        parts = (added, past, moved)
        changed[name] = type(table)(
            **{one: np.concatenate([getattr(part, one) for part in parts]) for one in columns}
        )
    same(portray(records, sittings), portray(attrs.evolve(records, **changed), sittings))


def test_past__a_fact_on_the_day_itself_counts_once_it_is_recorded():
    sale = {"side": 0, "counterparty": 0, "status": 0, "amount_minor": 100}
    one = {name: [value] for name, value in sale.items()}
    fact = Invoices(party=[0], day=[DAY], recorded_at=[KNOWN_AT], **one)
    records = Records(parties=["a"], invoices=fact)
    seen = portray(records, Sittings([0, 0, 0], [DAY, DAY - 1, DAY], [KNOWN_AT] * 2 + [99]))
    assert np.isnan(seen.numbers["sales_recency_days"]).tolist() == [False, True, True]


@given(random_facts.records(), random_facts.sittings(), st.randoms(use_true_random=False))
def test_order__of_facts_does_not_matter(records, sittings, random):
    changed = {}
    for name in ("invoices", "payrolls", "repayments", "labels"):
        table = getattr(records, name)
        order = list(range(len(table)))
        random.shuffle(order)
        changed[name] = table.take(np.array(order, np.int64))
    same(portray(records, sittings), portray(attrs.evolve(records, **changed), sittings))


@given(random_facts.records(), random_facts.sittings(), st.sampled_from(FEATURES))
def test_facts_behind__alone_give_the_figure(records, sittings, feature):
    portraits = portray(records, sittings)
    for number in range(len(sittings)):
        rows = facts_behind(records, sittings, feature.name, number)
        table = getattr(records, feature.basis.table)
        assert (table.party[rows] == sittings.party[number]).all()
        assert (table.day[rows] <= sittings.day[number]).all()
        age = sittings.day[number] - table.day[rows]
        assert (age < feature.window_days).all()
        if portraits.missing[feature.name][number] == Missing.NOT:
            assert len(rows)


def test_missing__says_why():
    def why(name: str, **columns: object) -> Missing:
        sale = {"party": [0], "recorded_at": [0], "side": [0], "counterparty": [0], "status": [0]}
        table = Invoices(**sale | {"day": [DAY], "amount_minor": [5]} | columns)
        portraits = portray(Records(parties=["a"], invoices=table), Sittings([0], [DAY], [0]))
        return Missing(portraits.missing[name][0])

    assert why("sales_year_log10") is Missing.NOT
    assert why("purchases_year_log10") is Missing.NO_FACTS
    assert why("sales_year_log10", status=[1]) is Missing.NO_FACTS
    assert why("sales_year_log10", day=[DAY - 364]) is Missing.NONE_IN_WINDOW
    assert why("sales_growth_year") is Missing.TOO_SHORT
    assert why("sales_year_log10", amount_minor=[-5]) is Missing.UNDEFINED


def test_portray__nobody_and_nothing():
    nothing = Records(parties=["a"])
    assert len(portray(nothing, Sittings([], [], [])).ids) == 0
    alone = portray(nothing, Sittings.of_all(nothing, DAY))
    assert all((why == Missing.NO_FACTS).all() for why in alone.missing.values())
    assert alone.labels["place"].tolist() == [None]
    assert len(alone.table()) == 1


def test_features__are_declared_once():
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)
    with pytest.raises(FeatureUnknownError, match="luck"):
        find_feature("luck")
