"""The one entry: facts and a regime into a ranking with reasons, and the money of a sale."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from karez.engines.priority.chain import known_steps
from karez.engines.priority.compare import Verdict, compare
from karez.engines.priority.cut import Cut, cut_off
from karez.engines.priority.facts import Claim, Facts, Kind
from karez.engines.priority.regime import Regime
from karez.engines.priority.share import Distribution, distribute
from karez.engines.priority.standing import standings_of


@attrs.frozen
class Ranking:
    """Who stands where, and why. Claims in one tier share in proportion."""

    tiers: tuple[tuple[Claim, ...], ...]
    circles: tuple[tuple[Claim, ...], ...]
    """Tiers whose claims each stand before another in a circle; a court has to say."""
    cuts: tuple[Cut, ...]
    distribution: Distribution | None
    reasons: tuple[str, ...]


def rank(regime: Regime, facts: Facts) -> Ranking:
    """Return the ranking of the claims on an asset, as a regime has it on the day of decision.

    Nothing that happened after that day counts. Claims that a buyer took the asset free of are not
    ranked, and buyers are not either.
    """
    facts = _known(facts)
    cuts = cut_off(regime, facts)
    gone = {cut.claim.id for cut in cuts}
    claims = [
        claim for claim in facts.claims if claim.kind is not Kind.BUYER and claim.id not in gone
    ]
    standings = standings_of(regime, facts, claims)

    def verdict(one: int, two: int) -> Verdict:
        return compare(regime, facts, standings[one], standings[two])

    places, circles = order(len(claims), verdict)
    tiers = tuple(tuple(claims[place] for place in tier) for tier in places)
    circular = tuple(tuple(claims[place] for place in tier) for tier in circles)
    reasons = [cut.reason for cut in cuts]
    reasons += _reasons(places, claims, verdict)
    reasons += [
        f"{', '.join(claim.id for claim in tier)} stand before each other in a circle"
        for tier in circular
    ]
    distribution = None
    if facts.sale is not None:
        distribution = distribute(regime, facts, facts.sale, tiers, circular)
        reasons += distribution.notes
    return Ranking(tiers, circular, tuple(cuts), distribution, tuple(reasons))


def _known(facts: Facts) -> Facts:
    """Return the facts up to the day of decision."""
    day = facts.as_of
    claims = tuple(
        attrs.evolve(
            claim,
            steps=known_steps(claim.steps, day),
            original_steps=known_steps(claim.original_steps, day),
            notice=claim.notice if claim.notice and claim.notice <= day else None,
            notified={who: told for who, told in claim.notified.items() if told <= day},
        )
        for claim in facts.claims
        if (claim.day is None or claim.day <= day)
        and (claim.advance is None or claim.advance.day <= day)
    )
    transfers = tuple(one for one in facts.asset.transfers if one.day <= day)
    return attrs.evolve(facts, claims=claims, asset=attrs.evolve(facts.asset, transfers=transfers))


def order(
    count: int, verdict: Callable[[int, int], Verdict]
) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """Return tiers of places, best first, and those tiers that are circles.

    A tier is all that nothing left stands before. Where there is none such, it is the smallest set
    that stands before all others: a circle.
    """
    before: dict[int, set[int]] = {place: set() for place in range(count)}
    for one in range(count):
        for two in range(one + 1, count):
            sign, _ = verdict(one, two)
            if sign < 0:
                before[two].add(one)
            elif sign > 0:
                before[one].add(two)
    tiers: list[tuple[int, ...]] = []
    circles: list[tuple[int, ...]] = []
    left = set(before)
    while left:
        tier = [place for place in sorted(left) if not before[place] & left]
        if not tier:
            tier = sorted(min((_above(place, before, left) for place in left), key=len))
            circles.append(tuple(tier))
        tiers.append(tuple(tier))
        left -= set(tier)
    return tiers, circles


def _above(place: int, before: dict[int, set[int]], left: set[int]) -> set[int]:
    """Return a claim and all that stand before it, directly or through others."""
    seen, reached = set[int](), {place}
    while reached:
        seen |= reached
        reached = {above for one in reached for above in before[one] & left} - seen
    return seen


def _reasons(
    tiers: list[tuple[int, ...]], claims: list[Claim], verdict: Callable[[int, int], Verdict]
) -> list[str]:
    """Return why each tier stands where it does: within it, and before the next."""
    reasons: list[str] = []
    for number, tier in enumerate(tiers):
        if len(tier) > 1:
            names = ", ".join(claims[place].id for place in tier)
            first, second, *_ = tier
            reasons.append(f"{names} together: {verdict(first, second)[1]}")
        for two in tiers[number + 1] if number + 1 < len(tiers) else ():
            one = min(tier)
            sign, why = verdict(one, two)
            if sign < 0:
                reasons.append(f"{claims[one].id} before {claims[two].id}: {why}")
    return reasons
