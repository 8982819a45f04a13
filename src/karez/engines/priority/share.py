"""The proceeds of a sale, handed down the ranking. Whole minor units; nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import attrs

from karez.engines.priority.facts import Claim, Facts, Sale, Subordination
from karez.engines.priority.regime import Regime
from karez.kernel.money import Remainder, allocate


@attrs.frozen
class Distribution:
    """Who is paid what. Seniors of a junior who enforces keep their right, and are not named."""

    costs_minor: int
    paid_minor: Mapping[str, int]
    undetermined_minor: int
    """Held because those who claim it stand before each other in a circle."""
    debtor_minor: int
    notes: tuple[str, ...] = ()


def distribute(
    regime: Regime,
    facts: Facts,
    sale: Sale,
    tiers: Sequence[Sequence[Claim]],
    circles: Sequence[Sequence[Claim]],
) -> Distribution:
    """Return who is paid what of a sale: costs, then tier by tier, then the debtor."""
    costs = min(sale.gross_minor, sale.costs_minor)
    left = sale.gross_minor - costs
    held, notes = 0, list[str]()
    paid: dict[str, int] = {}
    for tier in _paying(regime, sale, tiers, notes):
        caps = [_cap(regime, facts, claim) for claim in tier]
        if tier in circles and left < sum(caps):
            held, left = left, 0
            notes.append("the circle is not paid in full: what it would get is held")
            caps = [0] * len(tier)
        shares = fill(left, [_weight(facts, claim) for claim in tier], caps)
        left -= sum(shares)
        paid |= {claim.id: share for claim, share in zip(tier, shares, strict=True)}
    debts = {claim.id: claim.debt_minor for tier in tiers for claim in tier}
    _subordinate(facts.subordinations, paid, debts, notes)
    return Distribution(costs, paid, held, left, tuple(notes))


def _paying(
    regime: Regime, sale: Sale, tiers: Sequence[Sequence[Claim]], notes: list[str]
) -> list[Sequence[Claim]]:
    """Return the tiers that a sale pays: from the enforcer down, juniors if they asked."""
    top = 0
    for place, tier in enumerate(tiers):
        if sale.enforcer is not None and sale.enforcer in _names(tier):
            top = place
    if top:
        seniors = ", ".join(claim.id for tier in tiers[:top] for claim in tier)
        notes.append(f"{sale.enforcer} enforces: {seniors} keep their right in the asset")
    if sale.demands is None or not regime.juniors_on_demand:
        return list(tiers[top:])
    asked = sale.demands | ({sale.enforcer} if sale.enforcer else _names(tiers[0] if tiers else ()))
    kept = [
        [claim for claim in tier if claim.id in asked or claim.holder in asked]
        for tier in tiers[top:]
    ]
    source = regime.source("juniors_on_demand")
    notes.append(f"a junior who did not ask is not paid ({source})")
    return [tier for tier in kept if tier]


def _names(tier: Sequence[Claim]) -> set[str]:
    return {name for claim in tier for name in (claim.id, claim.holder)}


def _cap(regime: Regime, facts: Facts, claim: Claim) -> int:
    value = claim.input_value_minor
    if regime.product == "capped" and facts.asset.commingled is not None and value is not None:
        return min(claim.debt_minor, value)
    return claim.debt_minor


def _weight(facts: Facts, claim: Claim) -> int:
    if facts.asset.commingled is not None and claim.input_value_minor is not None:
        return claim.input_value_minor
    return claim.debt_minor


def fill(amount_minor: int, weights: Sequence[int], caps: Sequence[int]) -> list[int]:
    """Return an amount shared by weight, none above its cap; what one cannot use goes to the rest.

    The minor units that do not divide go to the largest remainders, the first named first.
    """
    shares = [0] * len(caps)
    open_places: list[int] = [place for place, cap in enumerate(caps) if cap and weights[place]]
    while open_places and amount_minor:
        total = sum(weights[place] for place in open_places)
        full: list[int] = [
            place
            for place in open_places
            if Fraction(amount_minor * weights[place], total) >= caps[place]
        ]
        if not full:
            parts = allocate(
                amount_minor, [weights[place] for place in open_places], remainder=Remainder.LARGEST
            )
            for place, part in zip(open_places, parts, strict=True):
                shares[place] = part
            break
        for place in full:
            shares[place] = caps[place]
            amount_minor -= caps[place]
        open_places = [place for place in open_places if place not in full]
    return shares


def _subordinate(
    subordinations: Sequence[Subordination],
    paid: dict[str, int],
    debts: Mapping[str, int],
    notes: list[str],
) -> None:
    """Move money between the two parties of each agreement; nobody else is touched."""
    for agreement in subordinations:
        senior, junior = agreement.senior, agreement.in_favour_of
        if senior not in paid or junior not in paid:
            continue
        if _is_mutual(agreement, subordinations):
            notes.append(f"{senior} and {junior} stand back for each other: neither does")
            continue
        moved = min(paid[senior], debts[junior] - paid[junior])
        if agreement.limit_minor is not None:
            moved = min(moved, agreement.limit_minor)
        paid[senior] -= moved
        paid[junior] += moved
        notes.append(f"{senior} stands back for {junior}: {moved} moves, nobody else is touched")


def _is_mutual(agreement: Subordination, others: Sequence[Subordination]) -> bool:
    """Say whether following the agreements from the junior leads back to the senior."""
    reached, seen = {agreement.in_favour_of}, set[str]()
    while reached:
        seen |= reached
        reached = {other.in_favour_of for other in others if other.senior in reached} - seen
    return agreement.senior in seen
