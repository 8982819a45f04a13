"""Each rule of the procedure, by the facts that turn on it."""

import pytest

from engines.priority.claims import answer, ranking, right

BANK = right("BANK", "2024-01-01", "2024-01-01")
SOLD = {"gross": 100, "costs": 5}


@pytest.mark.parametrize(
    ("regime", "filed", "first"),
    [
        ("UCC9", "2024-03-21", "PM"), ("UCC9", "2024-03-22", "BANK"),
        ("PPSA-NZ", "2024-03-15", "PM"), ("PPSA-NZ", "2024-03-18", "BANK"),
        ("PPSA-AU", "2024-03-22", "PM"), ("PPSA-AU", "2024-03-25", "BANK"),
        ("PPSA-BC", "2024-03-16", "PM"), ("PPSA-BC", "2024-03-17", "BANK"),
        ("CN", "2024-03-11", "PM"), ("CN", "2024-03-12", "BANK"),
        ("CAPETOWN", "2024-03-02", "BANK"),
    ],
)  # fmt: skip
def test_acquisition__grace_period(regime: str, filed: str, first: str) -> None:
    seller = right("PM", "2024-03-01", filed, pm="seller")
    found = ranking(regime, BANK, seller, asset={"possession": "2024-03-01"})
    assert found[0] == [first]


def test_acquisition__a_holiday_lengthens_working_days() -> None:
    seller = right("PM", "2024-03-01", "2024-03-18", pm="seller")
    asset = {"possession": "2024-03-01"}
    found = ranking("PPSA-NZ", BANK, seller, asset=asset, holidays=["2024-03-11"])
    assert found == [["PM"], ["BANK"]]


@pytest.mark.parametrize(
    ("regime", "told", "first"),
    [
        ("UCC9", "2024-02-29", "PM"), ("UCC9", "2024-03-02", "BANK"),
        ("UCC9", "2018-01-01", "BANK"),
        ("PPSA-BC", None, "BANK"), ("PPSA-NZ", None, "PM"), ("MLST-A", None, "BANK"),
        ("MLST-B", None, "PM"), ("CN", None, "PM"),
    ],
)  # fmt: skip
def test_acquisition__inventory_notice(regime: str, told: str | None, first: str) -> None:
    notified = {} if told is None else {"BANK": told}
    seller = right("PM", "2024-03-01", "2024-02-01", pm="seller", notified=notified)
    asset = {"type": "inventory", "possession": "2024-03-01"}
    assert ranking(regime, BANK, seller, asset=asset)[0] == [first]


@pytest.mark.parametrize(("regime", "first"), [("UCC9", "S"), ("CN", "L")])
def test_acquisition__seller_over_lender(regime: str, first: str) -> None:
    seller = right("S", "2024-03-01", "2024-03-08", pm="seller")
    lender = right("L", "2024-03-01", "2024-03-04", pm="lender")
    asset = {"possession": "2024-03-01"}
    assert ranking(regime, seller, lender, asset=asset)[0] == [first]


def test_acquisition__inventory_seller_is_not_first_in_receivables() -> None:
    seller = right(
        "PM", "2024-06-01", pm="seller", orig_file=[["2024-02-01", None]],
        notified={"BANK": "2024-02-15"}, perf_in_proceeds=True,
    )  # fmt: skip
    asset = {"type": "account", "proceeds_of": "inventory", "possession": "2024-03-01"}
    assert ranking("UCC9", seller, BANK, asset=asset) == [["BANK"], ["PM"]]


@pytest.mark.parametrize(
    ("more", "first"),
    [
        ({}, "A"),  # the office that has the original registers these too
        ({"bought_with_cash": True}, "B"),
        ({"bought_with_cash": True, "cash": True}, "A"),
        ({"type": "deposit_account"}, "B"),
    ],
)
def test_proceeds__last_twenty_days_unless_something_holds_them(
    more: dict[str, object], first: str
) -> None:
    old = right("A", "2024-03-01", orig_file=[["2024-01-01", None]])
    new = right("B", "2024-02-01", "2024-02-01")
    asset = {"type": "equipment", "proceeds_of": "equipment"} | more
    assert ranking("UCC9", old, new, asset=asset, asof="2024-03-22")[0] == [first]
    assert ranking("UCC9", old, new, asset=asset, asof="2024-03-21")[0] == ["A"]


@pytest.mark.parametrize(("between", "first"), [(["cash"], "HELD"), (["inventory"], "FILED")])
def test_proceeds__control_reaches_like_proceeds_if_nothing_else_came_between(
    between: list[str], first: str
) -> None:
    filed = right("FILED", "2024-03-01", orig_file=[["2024-01-01", None]])
    held = right("HELD", "2024-03-01", orig_perf=[["control", "2024-02-01", None]])
    asset = {
        "type": "deposit_account", "cash": True, "proceeds_of": ["investment_property", *between]
    }  # fmt: skip
    assert ranking("UCC9", filed, held, asset=asset)[0] == [first]


@pytest.mark.parametrize(("again", "first"), [("2024-01-31", "A"), ("2024-02-01", "B")])
def test_lapse__british_columbia_forgives_thirty_days(again: str, first: str) -> None:
    lapsed = right("A", "2019-01-01") | {"file": [["2019-01-01", "2024-01-01"], [again, None]]}
    assert ranking("PPSA-BC", lapsed, right("B", "2022-01-01", "2022-01-01"))[0] == [first]


def test_lapse__who_came_in_the_gap_closes_a_circle_that_is_reported() -> None:
    lapsed = right("A", "2019-01-01") | {
        "file": [["2019-01-01", "2024-01-01"], ["2024-01-20", None]]
    }
    old, new = right("B", "2022-01-01", "2022-01-01"), right("C", "2024-01-10", "2024-01-10")
    found = answer("PPSA-BC", lapsed, old, new, sale=SOLD)
    assert found["circular"] == found["ranking"] == [["A", "B", "C"]]
    assert found["distribution"] == {
        "costs": 5, "A": 0, "B": 0, "C": 0, "debtor": 0, "undetermined": 95
    }  # fmt: skip


@pytest.mark.parametrize(
    ("advance", "first"),
    [
        ({"date": "2024-04-15", "knows_lien": True}, "A"),  # day 45
        ({"date": "2024-04-16", "knows_lien": True}, "LC"),
        ({"date": "2024-04-16", "knows_lien": False}, "A"),
        ({"date": "2024-04-16", "knows_lien": True, "committed": True}, "A"),
    ],
)
def test_lien__late_advances(advance: dict[str, object], first: str) -> None:
    lien = {"id": "LC", "kind": "lien", "date": "2024-03-01", "debt": 60}
    lender = right("A", "2024-01-01", "2024-01-01", advance=advance)
    assert ranking("UCC9", lender, lien)[0] == [first]


def test_possession__who_repairs_is_first_and_money_is_as_published() -> None:
    seller = right("PM", "2024-03-01", "2024-03-05", pm="seller")
    floating = right("FLOAT", "2023-01-01", "2023-01-01", debt=80)
    shop = {"id": "SHOP", "kind": "possessory_lien", "date": "2024-06-01", "debt": 15}
    found = answer("CN", floating, seller, shop, asset={"possession": "2024-03-01"}, sale=SOLD)
    assert found["ranking"] == [["SHOP"], ["PM"], ["FLOAT"]]
    assert found["distribution"] == {"costs": 5, "SHOP": 15, "PM": 60, "FLOAT": 20, "debtor": 0}


@pytest.mark.parametrize(
    ("regime", "bank", "buyer", "free"),
    [
        ("UCC9", BANK, {"ordinary_course": True, "knowledge": "of_security_interest"}, True),
        ("UCC9", BANK, {"ordinary_course": True, "knowledge": "of_violation"}, False),
        ("UCC9", BANK | {"grantor": "EARLIER"}, {"ordinary_course": True}, False),
        ("UCC9", right("BANK", "2024-01-01"), {}, True),
        ("UCC9", right("BANK", "2024-01-01"), {"knowledge": True}, False),
        ("UCC9", right("BANK", "2024-01-01"), {"value": False}, False),
        ("UCC9", right("BANK", "2024-01-01", "2024-05-10"), {"delivery": "2024-05-20"}, False),
        ("PPSA-NZ", right("BANK", "2024-01-01"), {"knowledge": True}, True),
        ("CAPETOWN", BANK, {"ordinary_course": True}, False),
        ("CAPETOWN", right("BANK", "2024-01-01"), {"knowledge": True}, True),
        ("CAPETOWN", right("BANK", "2024-06-01", "2024-06-01"),
         {"file": [["2024-05-02", None]]}, True),
    ],
)  # fmt: skip
def test_buyer(
    regime: str, bank: dict[str, object], buyer: dict[str, object], *, free: bool
) -> None:
    bought = {"id": "BUYER", "kind": "buyer", "date": "2024-05-01"} | buyer
    found = answer(regime, bank, bought, asset={"type": "inventory"})
    assert found["takes_free"] == (["BUYER"] if free else [])
    assert found["cut_off"] == (["BANK"] if free else [])
    assert found["ranking"] == ([] if free else [["BANK"]])


def test_serial__a_right_without_the_number_is_behind_and_a_buyer_is_free_of_it() -> None:
    asset = {"serial_required": True}
    without = right("A", "2024-01-01", "2024-01-01", serial=False)
    with_it = right("B", "2024-02-01", "2024-02-01", serial=True)
    buyer = {"id": "BUYER", "kind": "buyer", "date": "2024-05-01"}
    assert ranking("PPSA-BC", without, with_it, asset=asset) == [["B"], ["A"]]
    assert answer("PPSA-BC", without, with_it, buyer, asset=asset)["cut_off"] == ["A"]


def test_accession__the_title_certificate_of_the_whole_is_first() -> None:
    part = right("PM", "2024-03-01", "2024-03-02", pm="seller")
    whole = right("W", "2024-04-01", perf=[["certificate_of_title", "2024-04-01", None]])
    asset = {"accession": True, "possession": "2024-03-01"}
    assert ranking("UCC9", part, whole, asset=asset) == [["W"], ["PM"]]


def test_document__an_earlier_right_in_the_goods_keeps_its_place() -> None:
    asset = {"type": "goods_under_negotiable_document", "document_issued": "2024-02-01"}
    paper = right(
        "DOC",
        "2024-02-10",
        perf=[["possession_of_document", "2024-02-10", None]],
        covers="document",
    )
    assert ranking("UCC9", BANK, paper, asset=asset) == [["BANK"], ["DOC"]]
    late = right("LATE", "2024-02-05", "2024-02-05")
    assert ranking("UCC9", late, paper, asset=asset) == [["DOC"], ["LATE"]]


def test_factoring__notice_counts_where_nothing_is_registered() -> None:
    first, second = right("A", "2024-01-01"), right("B", "2024-02-01", notice="2024-02-02")
    assert ranking("CN-FACTORING", first, second) == [["B"], ["A"]]


def test_money__a_junior_who_enforces_pays_no_senior() -> None:
    junior = right("B", "2024-02-01", "2024-02-01", debt=50)
    last = right("C", "2024-03-01", "2024-03-01")
    sale = SOLD | {"enforced_by": "B", "demands": []}
    found = answer("UCC9", BANK, junior, last, sale=sale)
    assert found["distribution"] == {"costs": 5, "B": 50, "debtor": 45}


def test_bank_act__the_first_given_is_first() -> None:
    union, bank = right("UNION", "2024-01-01"), right("B", "2024-02-01", "2024-02-01")
    assert ranking("CA-BANK-ACT", union, bank) == [["UNION"], ["B"]]
    assert ranking("PPSA-BC", union, bank) == [["B"], ["UNION"]]
