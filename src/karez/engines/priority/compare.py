"""Which of two claims is paid first, and by which rule. Every rule is a parameter."""

from __future__ import annotations

from datetime import date, timedelta

from karez.engines.priority.chain import effective
from karez.engines.priority.cut import related_back
from karez.engines.priority.facts import Facts, Kind
from karez.engines.priority.land import by_land
from karez.engines.priority.regime import Regime, Statutory
from karez.engines.priority.standing import Standing

Verdict = tuple[int, str]
"""-1 if the first of two is paid first, 1 if the second, 0 if neither; and why."""
_PLACES = ("before", "with", "after")


def compare(regime: Regime, facts: Facts, one: Standing, two: Standing) -> Verdict:
    """Return which of two claims stands first. The pair turned round gives the mirror."""
    for rule in (_by_statute, _by_possession, by_land, _by_lien):
        verdict = rule(regime, facts, one, two)
        if verdict is not None:
            return verdict
    for rule in (_by_transferor, _by_first, _by_special, _by_acquisition, _by_class):
        verdict = rule(regime, facts, one, two)
        if verdict is not None and verdict[0]:
            return verdict
    return _by_day(regime, facts, one, two)


def _order(one: object, two: object, reason: str) -> Verdict:
    return (-1 if one < two else 1 if one > two else 0), reason  # type: ignore[operator]


def _statute(regime: Regime, standing: Standing) -> tuple[int, int, Statutory | None]:
    for place, rank in enumerate(regime.statutory):
        if standing.claim.rank_class in rank.classes:
            return _PLACES.index(rank.place), place, rank
    return _PLACES.index("with"), -1, None


def _by_statute(regime: Regime, facts: Facts, one: Standing, two: Standing) -> Verdict | None:
    """Compare two claims of which a statute ranks at least one."""
    del facts
    if Kind.STATUTORY not in {one.claim.kind, two.claim.kind}:
        return None
    first, second = _statute(regime, one), _statute(regime, two)
    why = f"by the ranks of the statute ({regime.source('statutory')})"
    if first[0] != second[0]:
        return _order(first[0], second[0], why)
    by_contract = first[0] == _PLACES.index("with")
    if by_contract and one.effective != two.effective:
        return _order(not one.effective, not two.effective, why)
    if not by_contract and first[1] != second[1]:
        return _order(first[1], second[1], why)
    if by_contract or (first[2] is not None and first[2].within == "day"):
        return _order(one.rank_day, two.rank_day, f"by day ({regime.source('statutory')})")
    return 0, f"of equal rank ({regime.source('statutory')})"


def _by_possession(regime: Regime, facts: Facts, one: Standing, two: Standing) -> Verdict | None:
    """Put who holds the asset for work done before all others, where the regime says so."""
    del facts
    if regime.possessory_lien != "first":
        return None
    first = one.claim.kind is not Kind.POSSESSORY_LIEN
    second = two.claim.kind is not Kind.POSSESSORY_LIEN
    if first and second:
        return None
    source = regime.source("possessory_lien")
    if first == second:
        return _order(one.rank_day, two.rank_day, f"both hold the asset; by day ({source})")
    return _order(first, second, f"holds the asset for work done on it ({source})")


def _by_lien(regime: Regime, facts: Facts, one: Standing, two: Standing) -> Verdict | None:
    """Compare a creditor's lien with a right, or with another lien."""
    liens = {Kind.LIEN, Kind.POSSESSORY_LIEN}
    if one.claim.kind in liens and two.claim.kind in liens:
        return _order(one.rank_day, two.rank_day, "liens by day")
    if one.claim.kind in liens:
        order, reason = _right_or_lien(regime, facts, two, one)
        return -order, reason
    if two.claim.kind in liens:
        return _right_or_lien(regime, facts, one, two)
    return None


def _right_or_lien(regime: Regime, facts: Facts, right: Standing, lien: Standing) -> Verdict:
    """Judge a right by what it was on the day of the lien; what lapsed later does not matter."""
    claim, day = right.claim, lien.rank_day
    advance, days = claim.advance, regime.lien_advance_days
    if (
        advance is not None
        and days is not None
        and advance.day > day + timedelta(days)
        and advance.knows_lien
        and not advance.committed
    ):
        return 1, (
            f"lent more than {days} days after the lien, knowing of it"
            f" ({regime.source('lien_advance_days')})"
        )
    agreed = claim.agreed or claim.day
    found = effective(regime, facts, claim, day)
    if found is not None and (agreed is None or agreed <= day):
        return -1, f"effective since {found[1]}, the lien is of {day} ({regime.source('levels')})"
    if related_back(regime, facts, claim, day):
        return -1, f"registered in time, it relates back ({regime.source('relation_back')})"
    return 1, f"the right was not effective on {day} ({regime.source('levels')})"


def _by_transferor(regime: Regime, facts: Facts, one: Standing, two: Standing) -> Verdict | None:
    """Put the rights that came with the asset before those that its new owner granted."""
    if not regime.transferor_first:
        return None
    owners = [transfer.seller for transfer in facts.asset.transfers]
    for place, owner in enumerate(owners):
        day = facts.asset.transfers[place].day
        first = one.grantor == owner and _since(one, day)
        second = two.grantor == owner and _since(two, day)
        if first != second:
            other = two if first else one
            if other.grantor == owner or other.grantor in owners[:place]:
                continue
            reason = f"created by {owner} and effective when it transferred the asset"
            source = regime.source("transferor_first")
            return _order(not first, not second, f"{reason} ({source})")
    return None


def _since(standing: Standing, day: date) -> bool:
    return standing.start is not None and standing.start <= day


def _by_first(regime: Regime, facts: Facts, one: Standing, two: Standing) -> Verdict | None:
    """Put control, documents and certificates before what lacks them."""
    source = regime.source("first")
    if one.first is not None and two.first is not None:
        first, second = one.first, two.first
        return _order(first, second, f"by {regime.first[min(first[0], second[0])].name} ({source})")
    if one.first is None and two.first is None:
        return None
    holder, other = (one, two) if one.first is not None else (two, one)
    place = one.first or two.first or (0,)
    rule = regime.first[place[0]]
    issued = facts.asset.document_issued
    if rule.after_document and issued and other.start is not None and other.start < issued:
        return None
    return (-1 if holder is one else 1), f"{rule.name} ({source})"


def _by_special(regime: Regime, facts: Facts, one: Standing, two: Standing) -> Verdict | None:
    """Put a right by control or possession first in the cash or like proceeds of its asset."""
    del facts
    if one.special == two.special:
        return None
    latest = date.max
    reason = "control or possession of the original asset reaches its cash or like proceeds"
    return _order(
        one.special or latest, two.special or latest, f"{reason} ({regime.source('special_types')})"
    )


def _by_acquisition(regime: Regime, facts: Facts, one: Standing, two: Standing) -> Verdict | None:
    """Put who paid for the asset before other rights of its debtor."""
    del facts
    if one.shares_product and two.shares_product:
        return None
    if one.acquires != two.acquires:
        source = regime.source("inventory" if one.inventory else "grace")
        return _order(not one.acquires, not two.acquires, f"acquisition right, in time ({source})")
    if one.acquires and regime.acquisition_order == "seller_first":
        source = regime.source("acquisition_order")
        first, second = one.claim.acquisition != "seller", two.claim.acquisition != "seller"
        return _order(first, second, f"the seller before a lender ({source})")
    return None


def _by_class(regime: Regime, facts: Facts, one: Standing, two: Standing) -> Verdict | None:
    """Put effective rights first, by their level; the less and the not effective after them."""
    del facts
    names = {
        0: "effective against others",
        1: "carries the serial number",
        2: "not effective only by a new debtor's being bound",
        3: "effective against others",
    }
    first, second = (one.rank_class, one.level), (two.rank_class, two.level)
    parameter = {1: "serial", 2: "new_debtor"}.get(max(first[0], second[0]), "levels")
    name = names[max(first[0], second[0])]
    if first[0] == second[0] == 0:
        name = f"effective by {' or '.join(regime.levels[min(first[1], second[1])])}"
    return _order(first, second, f"{name} ({regime.source(parameter)})")


def _by_day(regime: Regime, facts: Facts, one: Standing, two: Standing) -> Verdict:
    """Compare two of one class by their days, if nothing makes them equal."""
    if not one.effective:
        source = regime.source("among_ineffective")
        if regime.among_ineffective == "pro_rata":
            return 0, f"neither is effective: in proportion ({source})"
        return _order(one.rank_day, two.rank_day, f"neither is effective: by day ({source})")
    if one.shares_product and two.shares_product:
        return 0, f"both have a part in the product ({regime.source('product')})"
    if (
        one.rank_class == two.rank_class == 2
        and one.claim.original_debtor != two.claim.original_debtor
        and one.claim.bound is not None
        and two.claim.bound is not None
    ):
        source = regime.source("new_debtor")
        return _order(one.claim.bound, two.claim.bound, f"by the day of being bound ({source})")
    first, second = one.start_against(two), two.start_against(one)
    del facts
    return _order(first, second, f"{first} and {second}: by day ({regime.source('levels')})")
