"""Who takes the asset free of which rights: buyers, and those to whom it was transferred."""

from __future__ import annotations

from datetime import date, timedelta

import attrs

from karez.engines.priority.chain import (
    REGISTRATION,
    chain_start,
    effective,
    period_end,
    steps_of,
)
from karez.engines.priority.facts import Asset, Claim, Facts, Kind, Knowledge, Transfer
from karez.engines.priority.regime import Regime

_HELD = ("possession", "delivery", "control", "possession_of_document")


@attrs.frozen
class Cut:
    """A right that a buyer or a transfer has ended, and why."""

    claim: Claim
    buyer: str
    reason: str


@attrs.frozen
class _Purchase:
    """A buyer's case, or a transfer's, in one shape."""

    buyer: str
    seller: str
    day: date
    value: bool
    knowledge: Knowledge
    ordinary_course: bool
    consumer: bool = False
    collusion: bool = False
    agreed_by: frozenset[str] = frozenset()


def cut_off(regime: Regime, facts: Facts) -> list[Cut]:
    """Return the rights that end, each with the first buyer or transfer that ends it."""
    purchases = [_of_transfer(transfer) for transfer in facts.asset.transfers]
    purchases += [
        _of_buyer(regime, facts.asset, claim) for claim in facts.claims if claim.kind is Kind.BUYER
    ]
    cuts: list[Cut] = []
    for purchase in purchases:
        for claim in facts.claims:
            reason = _ends(regime, facts, purchase, claim)
            if reason:
                cuts.append(Cut(claim, purchase.buyer, reason))
    return cuts


def _of_transfer(transfer: Transfer) -> _Purchase:
    return _Purchase(
        transfer.buyer, transfer.seller, transfer.day, transfer.value, transfer.knowledge,
        transfer.ordinary_course, agreed_by=transfer.agreed_by,
    )  # fmt: skip


def _of_buyer(regime: Regime, asset: Asset, claim: Claim) -> _Purchase:
    registered = [step.start for step in claim.steps if step.name == REGISTRATION]
    day = bought = claim.day or claim.delivery or date.max
    if regime.buyer_registration and registered:
        day = min(registered)
    elif regime.buyer_delivery and claim.delivery is not None:
        day = max(bought, claim.delivery)
    return _Purchase(
        claim.id, claim.seller or asset.debtor, day, claim.value, claim.knowledge,
        claim.ordinary_course, claim.consumer, claim.collusion, claim.agreed_by,
    )  # fmt: skip


def _ends(regime: Regime, facts: Facts, purchase: _Purchase, claim: Claim) -> str:
    """Return why a purchase ends a right, or nothing."""
    if claim.kind is not Kind.SECURITY or not _touches(regime, facts, purchase, claim):
        return ""
    asset = facts.asset
    told = regime.buyer_knowledge and purchase.knowledge is not Knowledge.NOTHING
    for_value = purchase.value or not regime.buyer_delivery
    rules = {
        "agreed_sale": (
            regime.agreed_sale and bool({claim.id, claim.holder} & purchase.agreed_by),
            "its holder agreed to that",
        ),
        "funds_types": (
            asset.type in regime.funds_types and not purchase.collusion,
            "paid with funds, without collusion",
        ),
        "ordinary_course": (
            _in_ordinary_course(regime, facts, purchase, claim),
            "bought in ordinary course from who created it",
        ),
        "buyer_advance_days": (
            _advanced_too_late(regime, purchase, claim),
            "lent too long after the purchase",
        ),
        "paper_types": (
            asset.type in regime.paper_types
            and purchase.value
            and purchase.knowledge is not Knowledge.OF_BREACH
            and not _held(claim, purchase.day),
            "bought the paper for value, and the right is not held",
        ),
        "buyer_serial": (
            for_value and regime.buyer_serial and asset.serial_required and not claim.serial,
            "its registration lacks the serial number",
        ),
        "buyer_knowledge": (
            for_value and not told and not _binds(regime, facts, purchase, claim),
            f"not effective on {purchase.day}",
        ),
    }
    for parameter, (holds, why) in rules.items():
        if holds:
            return f"{purchase.buyer} takes free of {claim.id}: {why} ({regime.source(parameter)})"
    return ""


def _held(claim: Claim, day: date) -> bool:
    """Say whether a right was by possession or control of the thing itself on a day."""
    held = [step for step in claim.steps if step.name in _HELD]
    return chain_start(held, day) is not None


def _in_ordinary_course(regime: Regime, facts: Facts, purchase: _Purchase, claim: Claim) -> bool:
    asset, types = facts.asset, regime.ordinary_course_types
    return (
        regime.ordinary_course
        and purchase.ordinary_course
        and purchase.value
        and (not types or asset.type in types)
        and asset.type not in regime.ordinary_course_not
        and not (regime.held_binds_buyers and _held(claim, purchase.day))
        and (claim.grantor or asset.creator) == purchase.seller
        and purchase.knowledge is not Knowledge.OF_BREACH
    )


def _touches(regime: Regime, facts: Facts, purchase: _Purchase, claim: Claim) -> bool:
    """Say whether a right existed when the asset was bought, and came from the seller's side."""
    owners = [transfer.seller for transfer in facts.asset.transfers]
    grantor = claim.grantor or facts.asset.creator
    if purchase.buyer == grantor:
        return False
    if purchase.seller in owners and grantor in owners:
        return owners.index(grantor) <= owners.index(purchase.seller)
    if purchase.seller in owners:  # the right is of a later owner
        return False
    # Where sales are registered, a seller can still bind a buyer who has not registered.
    return regime.buyer_registration or claim.day is None or claim.day <= purchase.day


def _advanced_too_late(regime: Regime, purchase: _Purchase, claim: Claim) -> bool:
    advance, days = claim.advance, regime.buyer_advance_days
    if advance is None or days is None or advance.committed or advance.day <= purchase.day:
        return False
    return advance.knows_purchase or advance.day > purchase.day + timedelta(days)


def _binds(regime: Regime, facts: Facts, purchase: _Purchase, claim: Claim) -> bool:
    """Say whether a right was effective when the asset was bought."""
    if regime.consumer_sale and purchase.consumer:
        steps = [step for step in claim.steps if step.name == REGISTRATION]
        claim = attrs.evolve(claim, steps=tuple(steps), acquisition=None)
    if regime.lapse_frees_buyers:
        claim = _without_lapsed(claim, facts.as_of)
    if effective(regime, facts, claim, purchase.day) is not None:
        return True
    return related_back(regime, facts, claim, purchase.day)


def _without_lapsed(claim: Claim, as_of: date) -> Claim:
    """Return a right without the registrations whose chain has not lasted to a day."""
    registered = [step for step in claim.steps if step.name == REGISTRATION]
    since = chain_start(registered, as_of) or date.max
    kept = [step for step in claim.steps if step.name != REGISTRATION or step.start >= since]
    return attrs.evolve(claim, steps=tuple(kept))


def related_back(regime: Regime, facts: Facts, claim: Claim, day: date) -> bool:
    """Say whether a later registration of an acquisition right is good against what arose before.

    It is if it was made soon enough after possession, and the right had attached by that day.
    """
    if not claim.acquisition or regime.relation_back is None or claim.day is None:
        return False
    possession = facts.asset.possession or claim.day
    last = period_end(possession, regime.relation_back, facts.holidays)
    soon = [
        step for step in steps_of(regime, facts, claim)
        if step.name == REGISTRATION and day <= step.start <= last
    ]  # fmt: skip
    return claim.day <= day and bool(soon)
