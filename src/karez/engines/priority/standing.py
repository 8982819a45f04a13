"""Where one claim stands by itself, before it is compared with others."""

from __future__ import annotations

from datetime import date, timedelta

import attrs

from karez.engines.priority.chain import (
    REGISTRATION,
    chain_start,
    effective,
    level_steps,
    period_end,
    steps_of,
)
from karez.engines.priority.facts import Asset, Claim, Facts, Kind
from karez.engines.priority.regime import First, Regime

_DAYS_A_YEAR = 365.25


@attrs.frozen(kw_only=True)
class Standing:
    """A claim and what the regime makes of it on the day of decision."""

    claim: Claim
    grantor: str
    level: int = 0
    start: date | None = None
    """Since when it is effective; None if it is not."""
    strict_start: date | None = None
    """The same, if a tolerated lapse counts as a gap after all."""
    lapsed: date | None = None
    """When that lapse began."""
    rank_class: int = 0
    """0 effective, 1 without a needed serial number, 2 new debtor, 3 ineffective."""
    first: tuple[int, int, date] | None = None
    special: date | None = None
    inventory: bool = False
    acquires: bool = False
    shares_product: bool = False

    @property
    def effective(self) -> bool:
        """Whether it counts against others; claims that are no rights by contract do."""
        return self.claim.kind is not Kind.SECURITY or self.start is not None

    @property
    def rank_day(self) -> date:
        """The day by which it ranks when nothing else decides."""
        return self.start or self.claim.day or date.max

    def start_against(self, other: Standing) -> date:
        """Return since when it counts against another: a mended lapse binds who came before."""
        if self.lapsed is None or self.strict_start is None or other.rank_day <= self.lapsed:
            return self.rank_day
        return self.strict_start


def standings_of(regime: Regime, facts: Facts, claims: list[Claim]) -> list[Standing]:
    """Return the standing of each claim, in their order."""
    plain = [_plain(regime, facts, claim) for claim in claims]
    return [attrs.evolve(one, acquires=_acquires(regime, facts, one, plain)) for one in plain]


def _plain(regime: Regime, facts: Facts, claim: Claim) -> Standing:
    """Return all of a standing that does not depend on who else claims."""
    asset, as_of = facts.asset, facts.as_of
    grantor = claim.grantor or asset.creator
    if claim.kind is not Kind.SECURITY:
        return Standing(claim=claim, grantor=grantor)
    inventory = _origin(asset) in regime.inventory_types
    found = effective(regime, facts, claim, as_of)
    if found is None:
        return Standing(claim=claim, grantor=grantor, rank_class=3, inventory=inventory)
    level, start = found
    steps = level_steps(regime, steps_of(regime, facts, claim), level)
    if _registrations_decide(regime, facts):
        steps = [step for step in steps if step.name == REGISTRATION]
        start = chain_start(steps, as_of, tolerance_days=regime.lapse_tolerance_days) or start
    strict = chain_start(steps, as_of)
    lapsed = None
    if strict is not None and strict > start:
        ends = [step.end for step in steps if step.end is not None and step.end < strict]
        lapsed = max(ends)
    rank_class = 0
    if regime.serial and asset.serial_required and not claim.serial:
        rank_class = 1
    if regime.new_debtor and claim.bound is not None:
        rank_class = 2
    commingled = asset.commingled
    shares = bool(regime.product) and commingled is not None and claim.input_value_minor is not None
    return Standing(
        claim=claim,
        grantor=grantor,
        level=level,
        start=start,
        strict_start=strict,
        lapsed=lapsed,
        rank_class=rank_class,
        first=_first(regime, facts, claim, start),
        special=_special(regime, facts, claim),
        inventory=inventory,
        shares_product=shares,
    )


def _origin(asset: Asset) -> str:
    return asset.proceeds_of[0] if asset.proceeds_of else asset.type


def _first(regime: Regime, facts: Facts, claim: Claim, start: date) -> tuple[int, int, date] | None:
    """Return place of the rule, kind of control and day, of a right that stands before all."""
    for place, rule in enumerate(regime.first):
        if not _applies(rule, facts, claim):
            continue
        day: date | None = start
        if rule.steps:
            steps = [
                step for step in steps_of(regime, facts, claim)
                if (step.name in rule.steps and step in claim.steps)
                or (step.name in rule.steps and step.start == claim.day)
            ]  # fmt: skip
            day = chain_start(steps, facts.as_of)
        if day is None:
            continue
        kinds = [at for at, kind in enumerate(rule.order) if claim.control_kind in kind]
        return place, (kinds[0] if kinds else len(rule.order)), day
    return None


def _applies(rule: First, facts: Facts, claim: Claim) -> bool:
    return (
        (not rule.assets or facts.asset.type in rule.assets)
        and (not rule.covers or claim.covers == rule.covers)
        and (not rule.accession or facts.asset.accession)
        and not (rule.unless_breach and claim.knows_breach)
    )


def _special(regime: Regime, facts: Facts, claim: Claim) -> date | None:
    """Return since when a right had control or possession of what these are like proceeds of."""
    asset = facts.asset
    if not asset.proceeds_of or asset.proceeds_of[0] not in regime.special_types:
        return None
    origin, between = asset.proceeds_of[0], asset.proceeds_of[1:]
    like = {"cash", "account", origin}
    if not (asset.cash or asset.type == origin) or set(between) - like or claim.day is None:
        return None
    held = [step for step in claim.original_steps if step.name != REGISTRATION]
    return chain_start(held, claim.day)


def _registrations_decide(regime: Regime, facts: Facts) -> bool:
    """Say whether these are proceeds, of an asset that is usually held, that are usually filed."""
    asset = facts.asset
    return (
        bool(asset.proceeds_of)
        and asset.proceeds_of[0] in regime.special_types
        and not asset.cash
        and asset.type not in regime.special_types
    )


def _acquires(regime: Regime, facts: Facts, one: Standing, others: list[Standing]) -> bool:
    """Say whether an acquisition right was made known in time to stand before other rights."""
    claim, start, asset = one.claim, one.start, facts.asset
    if not claim.acquisition or start is None or claim.day is None or one.rank_class:
        return False
    reaches_as_inventory = one.inventory and (
        not regime.inventory_proceeds_types or _origin(asset) in regime.inventory_proceeds_types
    )
    if asset.proceeds_of and not _reaches(regime, facts, inventory=reaches_as_inventory):
        return False
    possession = asset.possession or claim.delivery or claim.day
    if one.inventory and regime.inventory != "grace":
        return (
            regime.inventory == "before_possession"
            and start <= possession
            and (not regime.inventory_notice or _told(regime, facts, one, others, possession))
        )
    if regime.grace is None:
        return False
    return start <= period_end(possession, regime.grace, facts.holidays)


def _reaches(regime: Regime, facts: Facts, *, inventory: bool) -> bool:
    reach = regime.inventory_proceeds if inventory else regime.other_proceeds
    asset = facts.asset
    cash = asset.cash and asset.cash_on_delivery
    return (
        reach == "all"
        or (reach == "all_but_accounts" and asset.type != "account")
        or (reach == "cash_on_delivery" and cash)
    )


def _told(
    regime: Regime, facts: Facts, one: Standing, others: list[Standing], possession: date
) -> bool:
    """Say whether all who registered before were told before the debtor had the goods."""
    start = one.start or date.max
    years = regime.inventory_notice_years
    oldest = possession - timedelta(days=int(years * _DAYS_A_YEAR)) if years else date.min
    short = regime.livestock_notice if _origin(facts.asset) == "livestock" else None
    for other in others:
        earlier = other.start is not None and other.start < start
        if not earlier or other.claim.holder == one.claim.holder or other.grantor != one.grantor:
            continue
        told = one.claim.notified.get(other.claim.id, one.claim.notified.get(other.claim.holder))
        if told is None or not oldest <= told <= possession:
            return False
        if short is not None and period_end(told, short, facts.holidays) < possession:
            return False
    return True
