"""Rights in what is fixed to land, against interests in the land itself."""

from __future__ import annotations

from karez.engines.priority.chain import chain_start, effective, period_end, steps_of
from karez.engines.priority.facts import Facts, Kind
from karez.engines.priority.regime import Regime
from karez.engines.priority.standing import Standing

FIXTURE_FILING = "fixture_filing"


def by_land(regime: Regime, facts: Facts, one: Standing, two: Standing) -> tuple[int, str] | None:
    """Compare a right with an interest in land; None where neither or both are such, or no rule."""
    first, second = one.claim.kind is Kind.LAND, two.claim.kind is Kind.LAND
    right = two if first else one
    if not regime.land_first or first == second or right.claim.kind is not Kind.SECURITY:
        return None
    land = one if first else two
    why = _before_land(regime, facts, right, land)
    if why:
        return (1 if first else -1), why
    return (-1 if first else 1), f"an interest in the land ({regime.source('land_first')})"


def _before_land(regime: Regime, facts: Facts, right: Standing, land: Standing) -> str:
    """Return why a right in what is fixed stands before an interest in the land, or nothing."""
    fixed, claim, source = facts.asset.fixed, right.claim, regime.source("land_first")
    filings = [step for step in steps_of(regime, facts, claim) if step.name == FIXTURE_FILING]
    filed = chain_start(filings, facts.as_of)
    if filed is not None and filed < land.rank_day:
        return f"its fixture filing came before the interest in the land ({source})"
    if (
        regime.land_grace is not None
        and filed is not None
        and fixed is not None
        and claim.acquisition
        and not land.claim.construction
        and land.rank_day < fixed
        and filed <= period_end(fixed, regime.land_grace, facts.holidays)
    ):
        return f"acquisition right, its fixture filing in time ({regime.source('land_grace')})"
    if facts.asset.removable and fixed is not None:
        before = effective(regime, facts, claim, fixed)
        if before is not None and right.effective:
            return f"effective before a removable thing was fixed ({source})"
    return ""
