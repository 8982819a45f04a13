"""Laws that every ranking keeps, whatever the regime and the facts."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engines.priority.claims import REGIMES, answer, right

RULES = st.sampled_from(sorted({regime.name for regime in REGIMES.values()}))
DAYS = st.integers(0, 300).map(lambda day: (date(2024, 1, 1) + timedelta(day)).isoformat())


@st.composite
def claims_of(draw: st.DrawFn, *, plain: bool = False) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 6))):
        name, debt, day = f"C{number}", draw(st.integers(0, 99)), draw(DAYS)
        if not plain and draw(st.integers(0, 4)) == 0:
            found.append({"id": name, "kind": "lien", "date": day, "debt": debt})
            continue
        claim = right(name, day, draw(st.none() | DAYS), debt=debt)
        if not plain and claim.get("file") and draw(st.booleans()):
            start = date.fromisoformat(claim["file"][0][0])
            gone = start + timedelta(draw(st.integers(0, 99)))
            back = gone + timedelta(draw(st.integers(0, 60)))
            claim["file"] = [[str(start), str(gone)], [str(back), None]]
        if not plain and draw(st.booleans()):
            claim["pm"] = draw(st.sampled_from(["seller", "lender"]))
        found.append(claim)
    return found


SALES = st.fixed_dictionaries({"gross": st.integers(0, 400), "costs": st.integers(0, 30)})


def paid(money: dict[str, int]) -> dict[str, int]:
    return {name: part for name, part in money.items() if name.startswith("C")}


@given(RULES, claims_of(), SALES, st.lists(st.tuples(*[st.integers(0, 5)] * 2), max_size=3))
def test_money__is_conserved_and_nobody_gets_more_than_the_debt(
    regime: str, claims: list[Any], sale: Any, agreed: list[tuple[int, int]]
) -> None:
    names = {claim["id"] for claim in claims}
    behind = [
        {"senior": f"C{one}", "in_favour_of": f"C{two}"}
        for one, two in agreed
        if one != two and {f"C{one}", f"C{two}"} <= names
    ]
    found = answer(regime, *claims, sale=sale, subordinations=behind)
    assert sum(found["distribution"].values()) == sale["gross"]
    debts = {claim["id"]: claim["debt"] for claim in claims}
    assert all(0 <= part <= debts[name] for name, part in paid(found["distribution"]).items())
    ranked = [name for tier in found["ranking"] for name in tier]
    assert sorted(ranked) == sorted(names), "each claim stands in one place"


@given(RULES, claims_of(plain=True), SALES)
def test_senior__is_untouched_by_one_more_that_is_not_effective(
    regime: str, claims: list[Any], sale: Any
) -> None:
    registered = [claim for claim in claims if "file" in claim]
    more = right("X", "2024-11-30", debt=50)
    without = answer(regime, *registered, sale=sale)["distribution"]
    found = answer(regime, *registered, more, sale=sale)["distribution"]
    if regime == "CA-BANK-ACT":  # there nothing but the day of the agreement counts
        return
    assert paid(found) == paid(without)


@given(RULES, claims_of(plain=True), SALES, st.integers(1, 300))
def test_registering_earlier__never_hurts(
    regime: str, claims: list[Any], sale: Any, days: int
) -> None:
    before = answer(regime, *claims, sale=sale)["distribution"]
    for place, claim in enumerate(claims):
        if "file" not in claim:
            continue
        start = date.fromisoformat(claim["file"][0][0]) - timedelta(days)
        moved = [*claims[:place], claim | {"file": [[str(start), None]]}, *claims[place + 1 :]]
        found = answer(regime, *moved, sale=sale)["distribution"]
        assert found[claim["id"]] >= before[claim["id"]] - 1  # one unit that did not divide


@given(RULES, claims_of())
def test_knowledge__of_a_holder_matters_nowhere(regime: str, claims: list[Any]) -> None:
    knowing = [claim | {"knows": [other["id"] for other in claims]} for claim in claims]
    assert answer(regime, *claims)["ranking"] == answer(regime, *knowing)["ranking"]


@given(st.sampled_from(["PPSA-NZ", "PPSA-AU", "CAPETOWN"]), claims_of(plain=True))
def test_knowledge__of_a_buyer_matters_only_where_the_regime_says(
    regime: str, claims: list[Any]
) -> None:
    buyer = {"id": "B", "kind": "buyer", "date": "2024-06-01", "knowledge": False}
    answers = [answer(regime, *claims, buyer | {"knowledge": known}) for known in (False, True)]
    assert answers[0] == answers[1]


@given(RULES, claims_of(plain=True), SALES, st.data())
def test_splitting__a_claim_into_advances_of_one_day_changes_no_place(
    regime: str, claims: list[Any], sale: Any, data: st.DataObject
) -> None:
    whole = answer(regime, *claims, sale=sale)
    place = data.draw(st.integers(0, len(claims) - 1))
    claim = claims[place]
    part = data.draw(st.integers(0, claim["debt"]))
    parts = [
        claim | {"id": f"{claim['id']}#1", "debt": part},
        claim | {"id": f"{claim['id']}#2", "debt": claim["debt"] - part},
    ]
    split = answer(regime, *claims[:place], *parts, *claims[place + 1 :], sale=sale)
    sums: dict[str, int] = {}
    for name, share in paid(split["distribution"]).items():
        holder = name.partition("#")[0]
        sums[holder] = sums.get(holder, 0) + share
    for name, share in paid(whole["distribution"]).items():
        assert abs(sums[name] - share) <= 2  # units that do not divide


@given(RULES, claims_of(), st.integers(0, 300))
def test_replay__the_answer_of_a_day_does_not_know_what_came_later(
    regime: str, claims: list[Any], day: int
) -> None:
    on = date(2024, 1, 1) + timedelta(day)

    def cut(claim: dict[str, Any]) -> dict[str, Any]:
        kept = [
            [start, end if end is not None and end <= str(on) else None]
            for start, end in claim.get("file", [])
            if start <= str(on)
        ]
        return claim | ({"file": kept} if "file" in claim else {})

    known = [cut(one) for one in claims if one.get("attach", one.get("date")) <= str(on)]
    then = answer(regime, *known, asof=str(on))["ranking"]
    assert answer(regime, *claims, asof=str(on))["ranking"] == then


@settings(max_examples=200)
@given(claims_of(plain=True))
def test_ranking__is_that_of_a_plain_sort_where_only_days_decide(claims: list[Any]) -> None:
    """The slow twin: registered by day, then the others by the day of the agreement."""

    def key(claim: dict[str, Any]) -> tuple[bool, str]:
        filed = claim.get("file")
        return (filed is None, filed[0][0] if filed else claim["attach"])

    keys = sorted({key(claim) for claim in claims})
    twin = [sorted(claim["id"] for claim in claims if key(claim) == one) for one in keys]
    found = answer("UCC9", *claims)["ranking"]
    assert [sorted(tier) for tier in found] == twin
