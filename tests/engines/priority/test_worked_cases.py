"""Cases worked out from the texts of the law: small facts, the ranking or the money, the source.

The answers were written down from the texts before the engine was asked.
"""

from typing import Any

import pytest

from engines.priority.claims import answer, right

BANK = right("BANK", "2024-01-01", "2024-01-01")
FILED = "2024-01-01"
LIEN = {"id": "LC", "kind": "lien", "date": "2024-03-01", "debt": 60}
SOLD = {"gross": 100, "costs": 0}
FIXED = {"type": "fixture", "fixed": "2024-03-01"}
LAND = {"id": "LAND", "kind": "land", "date": "2024-02-01", "debt": 60}
RECEIVABLE = {"type": "account"}


def buyer(**more: Any) -> dict[str, Any]:
    return {"id": "BUYER", "kind": "buyer", "date": "2024-05-01", "delivery": "2024-05-01"} | more


def fixture(name: str, filed: str, **more: Any) -> dict[str, Any]:
    return right(name, "2024-02-20", perf=[["fixture_filing", filed, None]], **more)


RANKINGS: dict[str, tuple[str, list[dict[str, Any]], dict[str, Any], list[list[str]]]] = {
    "UCC 9-317(a)(2)(B): filed and signed before the lien, value given after it": (
        "UCC9", [right("SP", "2024-04-01", FILED, agreed="2024-02-01"), LIEN], {},
        [["SP"], ["LC"]],
    ),
    "UCC 9-317(a)(2)(B): filed before the lien, signed after it": (
        "UCC9", [right("SP", "2024-04-01", FILED, agreed="2024-04-01"), LIEN], {},
        [["LC"], ["SP"]],
    ),
    "UCC 9-317(e): purchase money filed on day 21, the lien of day 4 is first": (
        "UCC9", [right("SP", "2024-03-01", "2024-03-22", pm="seller"),
                 LIEN | {"date": "2024-03-05"}], {"asset": {"possession": "2024-03-01"}},
        [["LC"], ["SP"]],
    ),
    "UCC 9-322 comment 4 ex. 2: knowledge of an unfiled right does not matter": (
        "UCC9", [right("A", "2024-02-01"), right("B", "2024-03-01", "2024-03-01", knows=["A"])],
        {}, [["B"], ["A"]],
    ),
    "UCC 9-323(b): 45 days after the lien, known and not committed": (
        "UCC9", [right("A#1", "2024-01-01", FILED), right("A#2", "2024-01-01", FILED, advance={
            "date": "2024-04-16", "knows_lien": True}), LIEN], {},
        [["A#1"], ["LC"], ["A#2"]],
    ),
    "UCC 9-324(d)(3): notice of livestock counts for six months": (
        "UCC9", [BANK, right("PM", "2024-09-01", "2024-02-01", pm="seller",
                             notified={"BANK": "2024-02-15"})],
        {"asset": {"type": "livestock", "possession": "2024-09-01"}}, [["BANK"], ["PM"]],
    ),
    "UCC 9-324(d): notice of livestock in time": (
        "UCC9", [BANK, right("PM", "2024-08-01", "2024-02-01", pm="seller",
                             notified={"BANK": "2024-02-15"})],
        {"asset": {"type": "livestock", "possession": "2024-08-01"}}, [["PM"], ["BANK"]],
    ),
    "UCC 9-327(3): the bank that keeps the account, over a later agreement of control": (
        "UCC9", [right("SP", "2024-01-01", perf=[["control", "2024-02-01", None]],
                       control_kind="agreement"),
                 right("BANK", "2024-01-05", perf=[["control", "2024-03-01", None]],
                       control_kind="depositary_bank")],
        {"asset": {"type": "deposit_account"}}, [["BANK"], ["SP"]],
    ),
    "UCC 9-330(d): possession of an instrument, over an earlier filing": (
        "UCC9", [BANK, right("HOLDER", "2024-02-01", perf=[["possession", "2024-02-01", None]])],
        {"asset": {"type": "instrument"}}, [["HOLDER"], ["BANK"]],
    ),
    "UCC 9-334(c): a right without a fixture filing, behind the land": (
        "UCC9", [BANK, LAND], {"asset": FIXED}, [["LAND"], ["BANK"]],
    ),
    "UCC 9-334(d): purchase money, fixture filing on day 20 after the fixing": (
        "UCC9", [LAND, fixture("PM", "2024-03-21", pm="seller")], {"asset": FIXED},
        [["PM"], ["LAND"]],
    ),
    "UCC 9-334(d): the same on day 21": (
        "UCC9", [LAND, fixture("PM", "2024-03-22", pm="seller")], {"asset": FIXED},
        [["LAND"], ["PM"]],
    ),
    "UCC 9-334(h): not over a mortgage that pays for the building": (
        "UCC9", [LAND | {"construction": True}, fixture("PM", "2024-03-05", pm="seller")],
        {"asset": FIXED}, [["LAND"], ["PM"]],
    ),
    "UCC 9-334(e)(1): a fixture filing before the mortgage": (
        "UCC9", [LAND | {"date": "2024-06-01"}, fixture("SP", "2024-03-05")], {"asset": FIXED},
        [["SP"], ["LAND"]],
    ),
    "UCC 9-334(e)(2): a removable machine, filed in the ordinary way before it was fixed": (
        "UCC9", [LAND, BANK], {"asset": FIXED | {"removable": True}}, [["BANK"], ["LAND"]],
    ),
    "UCC 9-507(c)(1): got three months after the change of name": (
        "UCC9", [BANK, right("B", "2024-05-01", "2024-05-01")],
        {"asset": {"possession": "2024-05-01", "renamed": "2024-02-01"}}, [["BANK"], ["B"]],
    ),
    "UCC 9-507(c)(2): got five months after the change of name, nothing amended": (
        "UCC9", [BANK, right("B", "2024-07-02", "2024-07-02")],
        {"asset": {"possession": "2024-07-01", "renamed": "2024-02-01"}}, [["B"], ["BANK"]],
    ),
    "UCC 9-507(c)(2): the same, amended within four months": (
        "UCC9", [BANK | {"renamed": "2024-06-01"}, right("B", "2024-05-01", "2024-05-01")],
        {"asset": {"possession": "2024-07-01", "renamed": "2024-02-01"}}, [["BANK"], ["B"]],
    ),
    "UCC 9-507 comment 4: amended after that, it ranks from the amendment": (
        "UCC9", [BANK | {"renamed": "2024-08-01"}, right("B", "2024-07-02", "2024-07-02")],
        {"asset": {"possession": "2024-07-01", "renamed": "2024-02-01"}}, [["B"], ["BANK"]],
    ),
    "PPSA (NZ) s 73: the tenth working day": (
        "PPSA-NZ", [BANK, right("PM", "2024-03-01", "2024-03-15", pm="seller")],
        {"asset": {"possession": "2024-03-01"}}, [["PM"], ["BANK"]],
    ),
    "Portacom (NZ 2004), Maiden Civil (NSW 2013): the owner who leased, unregistered": (
        "PPSA-AU", [right("LESSOR", "2023-01-01", pm="lessor"), BANK], {},
        [["BANK"], ["LESSOR"]],
    ),
    "PPSA (BC) s 35(7): registered again on day 31": (
        "PPSA-BC", [right("A", "2019-01-01") | {
            "file": [["2019-01-01", "2024-01-01"], ["2024-02-01", None]]},
            right("B", "2022-01-01", "2022-01-01")], {}, [["B"], ["A"]],
    ),
    "PPSA (BC) s 34(3): an inventory financer without notice": (
        "PPSA-BC", [BANK, right("PM", "2024-03-01", "2024-02-01", pm="lender")],
        {"asset": {"type": "inventory", "possession": "2024-03-01"}}, [["BANK"], ["PM"]],
    ),
    "China Civil Code 415: pledge delivered before the mortgage was registered": (
        "CN", [right("MORTGAGE", "2024-01-01", "2024-03-01"),
               right("PLEDGE", "2024-02-01", perf=[["delivery", "2024-02-01", None]])], {},
        [["PLEDGE"], ["MORTGAGE"]],
    ),
    "China Civil Code 416: the price registered on day 11": (
        "CN", [BANK, right("PM", "2024-03-01", "2024-03-12", pm="seller")],
        {"asset": {"possession": "2024-03-01"}}, [["BANK"], ["PM"]],
    ),
    "China Civil Code 456: who holds it for work, over mortgage and pledge": (
        "CN", [BANK, {"id": "SHOP", "kind": "possessory_lien", "date": "2024-06-01", "debt": 5},
               right("PLEDGE", "2024-02-01", perf=[["delivery", "2024-02-01", None]])], {},
        [["SHOP"], ["BANK"], ["PLEDGE"]],
    ),
    "China SPC Interpretation on Security art. 66: a factor told, a pledgee not": (
        "CN", [right("PLEDGE", "2024-01-01"), right("F", "2024-02-01", notice="2024-02-02")],
        {"asset": RECEIVABLE}, [["F"], ["PLEDGE"]],
    ),
    "China Civil Code 768: of two that were notified, the first notice": (
        "CN-FACTORING", [right("A", "2024-01-01", notice="2024-03-01"),
                         right("B", "2024-02-01", notice="2024-02-02")],
        {"asset": RECEIVABLE}, [["B"], ["A"]],
    ),
    "Model Law art. 37(2): credit given after the period, knowing of the judgment": (
        "MLST", [right("A#1", "2024-01-01", FILED), right("A#2", "2024-01-01", FILED, advance={
            "date": "2024-06-01", "knows_lien": True}), LIEN], {},
        [["A#1"], ["LC"], ["A#2"]],
    ),
    "Model Law art. 24: the price of consumer goods needs no registration": (
        "MLST", [BANK, right("PM", "2024-03-01", pm="seller")],
        {"asset": {"type": "consumer_goods", "possession": "2024-03-01"}}, [["PM"], ["BANK"]],
    ),
    "Model Law art. 40: registered within the period that the case names": (
        "MLST", [right("PM", "2024-03-01", "2024-03-09", pm="seller"),
                 LIEN | {"date": "2024-03-05"}],
        {"asset": {"possession": "2024-03-01"}, "grace_days": 7}, [["LC"], ["PM"]],
    ),
    "Cape Town art. 29(1): the later agreement that was registered first": (
        "CAPETOWN", [right("A", "2024-01-01", "2024-03-01"),
                     right("B", "2024-02-01", "2024-02-01", knows=["A"])],
        {"asset": {"type": "aircraft"}}, [["B"], ["A"]],
    ),
    "Model Law on Factoring: the first registered": (
        "MLF", [right("A", "2024-01-01", notice="2024-01-02"), right("B", "2024-02-01", FILED)],
        {"asset": RECEIVABLE}, [["B"], ["A"]],
    ),
    "Innovation Credit Union, 2010 SCC 47: the bank takes what the debtor had left": (
        "Bank Act", [right("UNION", "2024-01-01"), right("BANK", "2024-02-01", "2024-02-01")],
        {}, [["UNION"], ["BANK"]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("source", RANKINGS)
def test_ranking(source: str) -> None:
    regime, claims, facts, expected = RANKINGS[source]
    assert answer(regime, *claims, **facts)["ranking"] == expected
    assert answer(regime, *reversed(claims), **facts)["ranking"] == expected


LAPSED = right("BANK", "2019-06-01") | {"file": [["2019-06-01", "2024-06-01"]]}
PAPER = {"type": "instrument"}
BUYERS: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], bool]] = {
    "UCC 9-315(a)(1): who agreed to the sale": ("UCC9", BANK, buyer(agreed_by=["BANK"]), {}, True),
    "UCC 9-317(b): delivered after the filing": (
        "UCC9", right("BANK", "2024-01-01", "2024-04-30"), buyer(), {}, False),
    "UCC 9-320(a): not farm products": (
        "UCC9", BANK, buyer(ordinary_course=True), {"type": "farm_products"}, False),
    "UCC 9-320(b): consumer to consumer, the price never registered": (
        "UCC9", right("BANK", "2024-01-01", pm="seller"), buyer(consumer=True),
        {"type": "consumer_goods"}, True),
    "UCC 9-320(e): goods that the lender holds": (
        "UCC9", right("BANK", "2024-01-01", perf=[["possession", FILED, None]]),
        buyer(ordinary_course=True), {"type": "inventory"}, False),
    "UCC 9-321(c): lessee in ordinary course": (
        "UCC9", BANK, buyer(kind="lessee", ordinary_course=True, knowledge=True),
        {"type": "inventory"}, True),
    "UCC 9-323(d): lent 46 days after the purchase": (
        "UCC9", BANK | {"advance": {"date": "2024-06-16"}}, buyer(), {}, True),
    "UCC 9-323(e): the same, by a commitment": (
        "UCC9", BANK | {"advance": {"date": "2024-06-16", "committed": True}}, buyer(), {}, False),
    "UCC 9-330(d): who bought a note and took it": ("UCC9", BANK, buyer(), PAPER, True),
    "UCC 9-330(d): who knew that it broke an agreement": (
        "UCC9", BANK, buyer(knowledge="of_violation"), PAPER, False),
    "UCC 9-332(b): money from a deposit account": (
        "UCC9", right("BANK", "2024-01-01", perf=[["control", FILED, None]]), buyer(),
        {"type": "deposit_account"}, True),
    "UCC 9-515(c): it lapsed after the purchase": ("UCC9", LAPSED, buyer(), {}, True),
    "PPSA (NZ): there it bound the buyer": ("PPSA-NZ", LAPSED, buyer(), {}, False),
    "China Civil Code 404: paid and delivered in the ordinary course": (
        "CN", BANK, buyer(ordinary_course=True), {"type": "inventory"}, True),
    "China Civil Code 404: without a price": (
        "CN", BANK, buyer(ordinary_course=True, value=False), {"type": "inventory"}, False),
    "China SPC Interpretation on Security art. 56: the seller's own equipment": (
        "CN", BANK, buyer(ordinary_course=True), {}, False),
    "China Civil Code 403: an unregistered mortgage, and a buyer who does not know": (
        "CN", right("BANK", "2024-01-01"), buyer(), {}, True),
    "Cape Town art. 29(3)(a): registered before the sale": (
        "CAPETOWN", BANK, buyer(ordinary_course=True), {"type": "aircraft"}, False),
    "Model Law art. 34(4): ordinary course, knowing of the right": (
        "MLST", BANK, buyer(ordinary_course=True, knowledge=True), {"type": "inventory"}, True),
    "Model Law art. 46(2): who bought a note and took it": ("MLST", BANK, buyer(), PAPER, True),
}  # fmt: skip


@pytest.mark.parametrize("source", BUYERS)
def test_buyer(source: str) -> None:
    regime, claim, purchase, asset, free = BUYERS[source]
    found = answer(regime, claim, purchase, asset=asset)
    assert found["takes_free"] == (["BUYER"] if free else [])
    assert found["cut_off"] == (["BANK"] if free else [])


A, B, C = (
    right(name, f"2024-0{n}-01", f"2024-0{n}-01", debt=50) for n, name in enumerate("ABC", 1)
)
MIXED = {"type": "product", "commingled": "2024-04-01"}
EGGS = right("EGGS", "2024-01-01", "2024-01-01", debt=400, input_value=300)
FLOUR = right("FLOUR", "2024-02-01", "2024-02-01", debt=600, input_value=500)
MONEY: dict[str, tuple[str, list[dict[str, Any]], dict[str, Any], dict[str, int]]] = {
    "UCC 9-336 comment 4 ex. 3: cakes that bring 600": (
        "UCC9", [EGGS, FLOUR], {"asset": MIXED, "sale": {"gross": 600, "costs": 0}},
        {"costs": 0, "EGGS": 225, "FLOUR": 375, "debtor": 0}),
    "UCC 9-336(f): cakes that bring 1,000": (
        "UCC9", [EGGS, FLOUR], {"asset": MIXED, "sale": {"gross": 1000, "costs": 0}},
        {"costs": 0, "EGGS": 400, "FLOUR": 600, "debtor": 0}),
    "UCC 9-339: with a limit": (
        "UCC9", [A, B, C], {"sale": {"gross": 100, "costs": 0}, "subordinations": [
            {"senior": "A", "in_favour_of": "C", "limit": 20}]},
        {"costs": 0, "A": 30, "B": 50, "C": 20, "debtor": 0}),
    "UCC 9-610, 9-615, 9-617: the second enforces, the third did not ask": (
        "UCC9", [A, B, C], {"sale": {"gross": 100, "costs": 10, "enforced_by": "B",
                                     "demands": []}},
        {"costs": 10, "B": 50, "debtor": 40}),
    "UCC 9-615(a)(3): the third did ask": (
        "UCC9", [A, B, C | {"demanded": True}], {"sale": {"gross": 100, "costs": 10,
                                                          "enforced_by": "B"}},
        {"costs": 10, "B": 50, "C": 40, "debtor": 0}),
    "OHADA 1997 art. 149: pledge, then published, then special and general privileges": (
        "OHADA-1997", [
            {"id": "TAX", "kind": "statutory", "rank_class": "privilege_general", "debt": 10},
            {"id": "PUB", "kind": "statutory", "rank_class": "nantissement", "date": "2020-01-01",
             "debt": 30},
            {"id": "PLEDGE", "kind": "si", "attach": "2021-01-01", "debt": 40,
             "perf": [["possession", "2021-01-01", None]]},
            {"id": "COURT", "kind": "statutory", "rank_class": "frais_justice", "debt": 20}],
        {"sale": {"gross": 95, "costs": 0}},
        {"costs": 0, "COURT": 20, "PLEDGE": 40, "PUB": 30, "TAX": 5, "debtor": 0}),
    "UCC 9-323(a): advances as one claim that lists them": (
        "UCC9", [right("A", "2024-01-01", "2024-01-01", advances=[
            {"amount": 50, "date": "2024-01-01"},
            {"amount": 30, "date": "2024-04-16", "knows_lien": True}]), LIEN],
        {"sale": SOLD}, {"costs": 0, "A#1": 50, "LC": 50, "A#2": 0, "debtor": 0}),
}  # fmt: skip


@pytest.mark.parametrize("source", MONEY)
def test_money(source: str) -> None:
    regime, claims, facts, expected = MONEY[source]
    assert answer(regime, *claims, **facts)["distribution"] == expected


def test_classes_without_a_rank_are_reported() -> None:
    unknown = {"id": "X", "kind": "statutory", "rank_class": "luck", "debt": 1}
    found = answer("OHADA", unknown)
    assert found["not_looked_at"] == [
        "claim X: rank_class luck, to which OHADA-1997 gives no rank,"
    ]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"sale": SOLD | {"colour": 1}}, "sale.colour"),
        ({"subordinations": [{"senior": "A", "in_favour_of": "B", "why": 1}]},
         "subordinations[1].why"),
        ({"asset": {"transfers": [{"from": "E", "to": "D", "date": "2024-01-01", "by": 1}]}},
         "transfers[1].by"),
    ],
)  # fmt: skip
def test_a_field_without_meaning_is_named_wherever_it_stands(
    facts: dict[str, Any], said: str
) -> None:
    assert answer("UCC9", A, B, **facts)["not_looked_at"] == [said]


def test_a_missing_serial_number_matters_without_the_asset_saying_so() -> None:
    found = answer("PPSA-BC", A | {"serial": False}, B | {"serial": True})
    assert found["ranking"] == [["B"], ["A"]]
