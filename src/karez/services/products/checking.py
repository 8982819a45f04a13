"""What a term sheet as a whole must hold: ranges, sums, and a schedule that ends.

Each check gives the path of a key and the rule that it breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise, product

from karez.engines.price.policy.cells import CellError, kind_of, read_cell
from karez.engines.servicing.account import Account
from karez.engines.servicing.terms import Bucket
from karez.kernel.errors import KarezError
from karez.kernel.money import AMOUNT_MAX_MINOR, format_amount
from karez.services.products.ledger import STANDARD_SIDES, Role
from karez.services.products.lines import Path
from karez.services.products.parts import HUNDRED, Drawn, PriceKind, Repay
from karez.services.products.planning import planned
from karez.services.products.sheet import TermSheet

Found = Iterator[tuple[Path, str]]
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
LATE_CHARGES_MOST = 100
# A month's end, in the year before a leap year: the hardest day to begin on.
_STARTS_ON = date(2027, 1, 31)


def check_parts(sheet: TermSheet) -> Found:
    """Give what is wrong with single keys and pairs of them."""
    if not _CODE.fullmatch(sheet.code):
        yield ("code",), "it is of small letters, digits and hyphens, as harvest-loan"
    yield from _check_ranges(sheet)
    yield from _check_schedule(sheet)
    yield from _check_payments(sheet)
    yield from _check_charges(sheet)
    yield from _check_pricing(sheet)
    yield from _check_risk(sheet)
    yield from _check_eligibility(sheet)
    yield from _check_decision(sheet)
    yield from _check_drawing(sheet)
    yield from _check_ledger(sheet)


def _check_ranges(sheet: TermSheet) -> Found:
    amount, unit = sheet.amount, sheet.currency
    ranges = [
        ("amount", "least", amount.least_minor, amount.most_minor),
        ("rate", "least_pct_year", sheet.rate.least_pct_year, sheet.rate.most_pct_year),
        ("instalments", "least", sheet.instalments.least, sheet.instalments.most),
        ("limits", "growth_least", sheet.limits.growth_least, sheet.limits.growth_most),
    ]
    if sheet.group is not None:
        ranges.append(
            ("group", "least_members", sheet.group.least_members, sheet.group.most_members)
        )
    for part, key, least, most in ranges:
        if least > most:
            other = key.replace("least", "most")
            yield (part, key), f"it is above {other}: the range is upside down; exchange the two"
    for key, bound in (("least", amount.least_minor), ("most", amount.most_minor)):
        if bound % amount.step_minor:
            step = format_amount(amount.step_minor, unit)
            yield ("amount", key), f"it is no multiple of the step {step}; change one of the two"


def _check_schedule(sheet: TermSheet) -> Found:
    schedule, least = sheet.schedule, sheet.instalments.least
    on_dates = schedule.repay is Repay.ON_DATES
    for name in ("grace_on_principal", "grace_on_interest", "interest_free"):
        count: int = getattr(schedule, name)
        if count and (on_dates or (schedule.repay is Repay.AT_END and "principal" in name)):
            yield ("schedule", name), f"{schedule.repay} has no room for it; leave it out"
        elif count >= least and count:
            yield (
                ("schedule", name),
                f"with {least} instalments none is left after it, and principal never falls",
            )
    yield from _check_dates(sheet)


def _check_dates(sheet: TermSheet) -> Found:
    schedule = sheet.schedule
    on_dates = schedule.repay is Repay.ON_DATES
    if on_dates and not schedule.dates:
        yield ("schedule", "dates"), "on-dates needs due dates, as ['07-31']"
    if schedule.dates and not on_dates:
        yield ("schedule", "dates"), f"{schedule.repay} has no dates; use on-dates"
    if len(set(schedule.dates)) < len(schedule.dates):
        yield ("schedule", "dates"), "a day stands there twice"
    if schedule.weights and len(schedule.weights) != len(schedule.dates):
        yield ("schedule", "weights"), f"there are {len(schedule.dates)} dates: a weight for each"
    if any(weight < 0 for weight in schedule.weights):
        yield ("schedule", "weights"), "a weight is not negative"
    elif any(not sum(run) for run in _runs(schedule.weights, sheet.instalments.least)):
        yield (
            ("schedule", "weights"),
            "it never amortises where no date that falls due weighs anything; weigh one of them",
        )
    if on_dates:
        for name in ("follows_payments", "down_payment_pct", "instalment_step_minor"):
            if getattr(schedule, name):
                yield (
                    ("schedule", name.removesuffix("_minor")),
                    "rows on dates are agreed as they are; leave it out",
                )


def _runs(weights: tuple[int, ...], count: int) -> Iterator[tuple[int, ...]]:
    """Give the weights of each run of so many dates, from one year into the next."""
    for start in range(len(weights)):
        yield tuple(weights[(start + step) % len(weights)] for step in range(count))


def _check_payments(sheet: TermSheet) -> Found:
    payments, schedule = sheet.payments, sheet.schedule
    if sorted(payments.order) != sorted(Bucket):
        yield ("payments", "order"), "it is penalty, fee, interest and principal, each once"
    principal = schedule.repay is Repay.EQUAL_PRINCIPAL
    if payments.fixed and not principal:
        yield ("payments", "fixed"), "only equal-principal is paid in a fixed order; use order"
    if principal and schedule.follows_payments and not payments.fixed:
        yield (
            ("schedule", "follows_payments"),
            "equal principal that follows payments needs a fixed order; name it in payments.fixed",
        )


def _check_charges(sheet: TermSheet) -> Found:
    for place, fee in enumerate(sheet.fees):
        if (fee.amount_minor > 0) == (fee.pct > 0):
            yield ("fees", place), "a fee is an amount or a pct, one of the two, above zero"
    grace = sheet.arrears.grace_days
    for place, step in enumerate(sheet.arrears.steps):
        path: Path = ("arrears", "steps", place)
        if (step.amount_minor > 0) == (step.pct > 0):
            yield path, "a charge is an amount or a pct, one of the two, above zero"
        if step.days_late <= grace:
            yield (*path, "days_late"), f"it is within the {grace} days of grace"
        if step.most_times > 1 and not step.repeat_every_days:
            yield (*path, "most_times"), "it is charged again only with repeat_every_days"
    for place, (first, second) in enumerate(pairwise(sheet.arrears.steps), 1):
        if first.days_late >= second.days_late:
            yield ("arrears", "steps", place, "days_late"), "steps rise by days late"
    if sum(step.most_times for step in sheet.arrears.steps) > LATE_CHARGES_MOST:
        yield ("arrears", "steps"), f"an instalment has {LATE_CHARGES_MOST} late charges at most"


def _check_pricing(sheet: TermSheet) -> Found:
    pricing, rate = sheet.pricing, sheet.rate
    if not pricing.step_pct:
        yield ("pricing", "step_pct"), "it is above zero"
    if pricing.kind is PriceKind.BY_RISK:
        if pricing.rate_pct_year is not None:
            yield ("pricing", "rate_pct_year"), "a rate by risk is not fixed; leave it out"
    elif pricing.rate_pct_year is None:
        yield ("pricing", "rate_pct_year"), "it is missing: a fixed price names its rate"
    elif (
        rate.least_pct_year <= rate.most_pct_year  # else told already
        and not rate.least_pct_year <= pricing.rate_pct_year <= rate.most_pct_year
    ):
        yield (
            ("pricing", "rate_pct_year"),
            f"it is outside the rates of {rate.least_pct_year} to {rate.most_pct_year}",
        )


def _check_risk(sheet: TermSheet) -> Found:
    own, collateral = sheet.provisioning, sheet.collateral
    if own.significant_days >= own.default_days:
        yield ("provisioning", "significant_days"), "stage 2 comes before stage 3"
    total = sum(path.weight_pct for path in own.paths)
    if own.paths and total != HUNDRED:
        yield ("provisioning", "paths"), f"their weights add up to {total}, not to 100"
    kinds = [accepted.kind for accepted in collateral.accepted]
    for place, kind in enumerate(kinds):
        if kind in kinds[:place]:
            yield ("collateral", "accepted", place, "kind"), "it stands there twice"
    if collateral.least_cover_pct and not kinds:
        yield ("collateral", "least_cover_pct"), "no kind is accepted that could cover anything"


def _check_eligibility(sheet: TermSheet) -> Found:
    rules = sheet.eligibility
    columns = dict.fromkeys(name for rule in rules for name in rule.when)
    for column in columns:
        kind = kind_of(rule.when.get(column, "-") for rule in rules)
        for place, rule in enumerate(rules):
            try:
                read_cell(rule.when.get(column, "-"), kind)
            except CellError as error:
                yield ("eligibility", place, "when", column), str(error)
    if rules and not columns:
        yield ("eligibility",), "no row asks for anything; leave the table out"


def _check_decision(sheet: TermSheet) -> Found:
    policy, most = sheet.decision, sheet.amount.most_minor
    for place, (first, second) in enumerate(pairwise(policy.committees), 1):
        if first.most_minor >= second.most_minor:
            yield ("decision", "committees", place, "most"), "committees rise by amount"
    highest = policy.committees[-1].most_minor if policy.committees else 0
    alone = policy.automatic_most_minor >= most and policy.automatic_pd_most_pct >= HUNDRED
    if highest < most and not alone:
        limit = format_amount(most, sheet.currency)
        yield ("decision",), f"nobody decides on {limit}; the last committee must reach it"


def _check_drawing(sheet: TermSheet) -> Found:
    drawing, schedule = sheet.drawing, sheet.schedule
    parts = drawing.parts
    if parts and drawing.how is not Drawn.IN_PARTS:
        yield ("drawing", "parts"), f"what goes out {drawing.how} has no parts"
    if drawing.how is Drawn.AT_ONCE:
        return
    if schedule.repay is Repay.ON_DATES:
        yield ("drawing", "how"), "rows on dates repay one amount; it goes out at once"
    if drawing.how is Drawn.AS_NEEDED and not schedule.follows_payments:
        yield (
            ("schedule", "follows_payments"),
            "what is drawn as needed bears interest on what is drawn: it must be true",
        )
    if drawing.how is not Drawn.IN_PARTS:
        return
    if sum(part.share_pct for part in parts) != HUNDRED:
        yield ("drawing", "parts"), "their shares add up to 100"
    if any(first.after_months >= second.after_months for first, second in pairwise(parts)):
        yield ("drawing", "parts"), "each comes later than the one before"
    if parts and parts[0].after_months:
        yield ("drawing", "parts", 0, "after_months"), "the first goes out at the start: 0"


def _check_ledger(sheet: TermSheet) -> Found:
    roles = [str(role) for role in Role]
    for kind, sides in sheet.ledger.overrides.items():
        if kind not in STANDARD_SIDES:
            yield ("ledger", "sides", kind), f"there are {', '.join(STANDARD_SIDES)}"
        for side in sides:
            if not _ACCOUNT.fullmatch(side):
                yield ("ledger", "sides", kind), f"a side is {', '.join(roles)} or an account code"
        if sides[0] == sides[1]:
            yield ("ledger", "sides", kind), "it debits and credits the same account"
    parents = list(sheet.ledger.parents.items())
    for place, (role, code) in enumerate(parents):
        if code in [other for _, other in parents[:place]]:
            yield ("ledger", role), f"{code} is the parent of other accounts already"


def check_schedules(sheet: TermSheet) -> Found:
    """Give what is wrong with the schedules at the ends of all ranges; the first is enough."""
    amount, rate, count = sheet.amount, sheet.rate, sheet.instalments
    for amount_minor, rate_pct, instalments in product(
        dict.fromkeys((amount.least_minor, amount.most_minor)),
        dict.fromkeys((rate.least_pct_year, rate.most_pct_year)),
        dict.fromkeys((count.least, count.most)),
    ):
        case = (
            f"of {format_amount(amount_minor, sheet.currency)} at {rate_pct} %"
            f" in {instalments} instalments"
        )
        try:
            account = planned(
                sheet,
                amount_minor=amount_minor,
                rate_pct_year=rate_pct,
                instalments=instalments,
                starts_on=_STARTS_ON,
            )
        except (KarezError, OverflowError) as error:
            yield ("schedule",), f"a loan {case} has no schedule: {error}"
            return
        rule = _schedule_fault(sheet, account, amount_minor)
        if rule is not None:
            yield ("schedule",), f"a loan {case} {rule}"
            return


def _schedule_fault(sheet: TermSheet, account: Account, amount_minor: int) -> str | None:
    """Return why a schedule does not bring the loan to its end."""
    if sum(sum(row.owed) for row in account.rows) > AMOUNT_MAX_MINOR:
        return f"owes more than {AMOUNT_MAX_MINOR} minor units: lower the amounts or the rates"
    repaid = sum(row.owed[Bucket.PRINCIPAL] for row in account.rows)
    if repaid != amount_minor:
        return "never amortises: its instalments do not bring back what was lent"
    schedule = sheet.schedule
    if schedule.repay is Repay.AT_END:
        return None
    last_part = max(part.on for part in account.terms.tranches)
    rows = [row for row in account.rows if not row.down_payment and row.due > last_part]
    for row in rows[schedule.grace_on_principal :]:
        if row.owed[Bucket.PRINCIPAL] <= 0 and sum(row.owed):
            return (
                f"never amortises before its end: instalment {row.number} does not cover the"
                " interest, and brings no principal; take a finer instalment_step or fewer"
                " instalments"
            )
    return None
