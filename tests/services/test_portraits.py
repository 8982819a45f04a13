"""Portraits of what stands in a facts book."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from karez.books.facts.parts import Party, Place
from karez.books.facts.schemas import CreditNote, Invoice, Payroll, Visit
from karez.engines.score.portrait import FeatureUnknownError, Missing
from karez.services.evidence import Batch, Evidence, add_facts
from karez.services.portraits import (
    CurrencyUnclearError,
    LeftOut,
    PartyUnknownError,
    facts_behind,
    portray_all,
)

MILL, SHOP, FARM = (Party(party_id=f"tin:{name}") for name in ("mill", "shop", "farm"))
DAY = date(2026, 3, 31)


def trade(seller: Party, buyer: Party, total: int, **more: object) -> dict[str, object]:
    base = {"subject": seller.party_id, "valid_on": DAY, "number": str(total), "currency": "EUR"}
    return base | {"seller": seller, "buyer": buyer, "total_minor": total} | more


def add(evidence: Evidence, *facts: object) -> None:
    assert not add_facts(evidence, Batch(list(facts))).refused


def test_portray_all__reads_each_kind_of_fact(evidence: Evidence):
    add(
        evidence,
        Invoice(**trade(MILL, SHOP, 1200, net_minor=1000, tax_minor=200)),
        Invoice(**trade(MILL, SHOP, 50, status="void")),
        CreditNote(**trade(MILL, SHOP, 100)),
        Invoice(**trade(FARM, MILL, 300, subject="tin:mill", valid_on=date(2026, 3, 1))),
        Payroll(
            subject="tin:mill", valid_on=date(2026, 2, 28), employer=MILL, currency="EUR",
            period_from=date(2026, 2, 1), period_to=date(2026, 2, 28), gross_minor=90, headcount=3,
        ),
        Visit(subject="tin:mill", valid_on=DAY, visitor="o", visited=MILL, purpose="see",
              place=Place(place_id="county:7")),
        Invoice(**trade(SHOP, MILL, 70)),
    )  # fmt: skip
    gallery = portray_all(evidence, DAY)
    assert list(gallery.portraits.ids) == ["tin:mill", "tin:shop"]
    numbers = {name: values[0] for name, values in gallery.portraits.numbers.items()}
    assert numbers["sales_year_log10"] == pytest.approx(np.log10(1000 - 100))
    assert numbers["sales_return_share"] == pytest.approx(100 / 1100)
    assert numbers["sales_void_share"] == pytest.approx(1 / 3)
    assert numbers["purchases_recency_days"] == 30
    assert numbers["headcount"] == 3
    assert numbers["payroll_sales_share"] == pytest.approx((90 - 900) / 990)
    assert gallery.portraits.labels["place"].tolist() == ["county:7", None]
    assert (gallery.portraits.missing["account_age_days"] == Missing.NO_FACTS).all()
    assert gallery.gathered.currency == "EUR"
    assert gallery.gathered.left_out == {}


def test_portray_all__as_of_a_day_and_an_instant(evidence: Evidence):
    add(evidence, Invoice(**trade(MILL, SHOP, 10)), Invoice(**trade(MILL, SHOP, 11)))
    with evidence.transaction() as connection:
        [known_at] = connection.execute("SELECT clock_timestamp()").fetchone()
    early = portray_all(evidence, DAY)
    add(
        evidence,
        Invoice(**trade(MILL, SHOP, 1000)),
        Invoice(**trade(MILL, FARM, 5000, valid_on=date(2026, 4, 1))),
        Invoice(**trade(FARM, SHOP, 5)),
    )
    then, now = portray_all(evidence, DAY, known_at=known_at), portray_all(evidence, DAY)
    assert then.portraits.ids == early.portraits.ids == ["tin:mill"]
    assert now.portraits.ids == ["tin:farm", "tin:mill"]
    for name, values in early.portraits.numbers.items():
        np.testing.assert_array_equal(then.portraits.numbers[name], values, name)
    assert now.portraits.numbers["sales_year_log10"][1] == pytest.approx(np.log10(1021))


def test_portray_all__names_what_it_leaves_out(evidence: Evidence):
    add(
        evidence,
        Invoice(**trade(MILL, SHOP, 10)),
        Invoice(**trade(MILL, SHOP, 10, currency="USD")),
        Invoice(**trade(MILL, SHOP, 10, subject="tin:somebody")),
        Visit(subject="tin:mill", valid_on=DAY, visitor="o", visited=MILL, purpose="see"),
    )
    with pytest.raises(CurrencyUnclearError, match="EUR, USD"):
        portray_all(evidence, DAY)
    gallery = portray_all(evidence, DAY, currency="USD")
    assert gallery.gathered.left_out == {
        LeftOut.NOT_A_PARTY: 1, LeftOut.OTHER_CURRENCY: 1, LeftOut.NO_PLACE: 1,
    }  # fmt: skip
    assert gallery.portraits.numbers["sales_invoices_log10"].tolist() == [0]


def test_portray_all__of_an_empty_book(evidence: Evidence):
    assert portray_all(evidence, DAY).portraits.ids == []


def test_facts_behind__are_entries_of_the_log(evidence: Evidence):
    visit = Visit(subject="tin:mill", valid_on=DAY, visitor="o", visited=MILL, purpose="see")
    sales = [Invoice(**trade(MILL, SHOP, total)) for total in (10, 11)]
    old = Invoice(**trade(MILL, SHOP, 12, valid_on=date(2020, 1, 1)))
    add(evidence, visit, sales[0], old, sales[1], Invoice(**trade(MILL, SHOP, 13, status="void")))
    gallery = portray_all(evidence, DAY)
    assert facts_behind(gallery, "tin:mill", "sales_year_log10") == [1, 3]
    assert facts_behind(gallery, "tin:mill", "sales_void_share") == [1, 3, 4]
    assert facts_behind(gallery, "tin:mill", "trade_age_days") == [1, 2, 3]
    assert facts_behind(gallery, "tin:mill", "account_age_days") == []
    with pytest.raises(PartyUnknownError, match="tin:nobody"):
        facts_behind(gallery, "tin:nobody", "sales_year_log10")
    with pytest.raises(FeatureUnknownError):
        facts_behind(gallery, "tin:mill", "luck")
