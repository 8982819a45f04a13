"""Portraits again, a fact at a time: every feature by the words that declare it, no arrays."""

from __future__ import annotations

import itertools
import math
from statistics import median

from karez.engines.score.portrait import Records, Side, Sittings, Status

YEAR, TWO_YEARS, PERIOD = 364, 728, 28


def rows_of(table) -> list[dict[str, int]]:
    names = [each.name for each in type(table).__attrs_attrs__]
    columns = [getattr(table, name).tolist() for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def figures(records: Records, sittings: Sittings, number: int) -> dict[str, float | None]:
    """Every feature of one sitting; None where it is missing."""
    party, day = int(sittings.party[number]), int(sittings.day[number])
    known_at = int(sittings.known_at[number])

    def seen(table) -> list[dict[str, int]]:
        facts = [dict(fact, age=day - fact["day"]) for fact in rows_of(table)]
        return [f for f in facts if f["age"] >= 0 and f["recorded_at"] <= known_at]

    def own(table) -> list[dict[str, int]]:
        return sorted((f for f in seen(table) if f["party"] == party), key=lambda f: -f["age"])

    others = {
        f["counterparty"]
        for f in seen(records.invoices)
        if f["party"] != party and f["status"] != Status.VOID
    }
    invoices = own(records.invoices)
    sales = [f for f in invoices if f["side"] == Side.SALE]
    purchases = [f for f in invoices if f["side"] == Side.PURCHASE]
    found = trade(sales, "sales", "buyers", others) | trade(
        purchases, "purchases", "suppliers", others
    )
    found |= both_sides(sales, purchases)
    found |= account(own(records.movements))
    found |= wages(own(records.payrolls), good(sales))
    return found | repaid(own(records.repayments))


def label(records: Records, sittings: Sittings, number: int, kind: int) -> str | None:
    """The latest label of one sitting."""
    known = [
        (f["day"], f["recorded_at"], f["label"])
        for f in rows_of(records.labels)
        if f["party"] == sittings.party[number]
        and f["kind"] == kind
        and f["day"] <= sittings.day[number]
        and f["recorded_at"] <= sittings.known_at[number]
    ]
    return records.label_names[max(known)[2]] if known else None


def good(facts):
    return [f for f in facts if f["status"] != Status.VOID]


def net(facts, youngest, oldest):
    return max(sum(f["amount_minor"] for f in facts if youngest <= f["age"] < oldest), 0)


def reaches(facts, days):
    return bool(facts) and max(f["age"] for f in facts) + 1 >= days


def share(part, whole):
    return part / whole if whole > 0 else None


def contrast(one, other):
    return share(one - other, one + other)


def log10(value):
    return math.log10(value) if value else None


def quartile_contrast(values):
    """As numpy.quantile has quartiles: linear between the two values around the place."""
    ranked = sorted(values)

    def at(part):
        place = (len(ranked) - 1) * part
        low = math.floor(place)
        high = math.ceil(place)
        return ranked[low] + (ranked[high] - ranked[low]) * (place - low)

    return contrast(at(0.75), at(0.25))


def longest_gap(facts):
    ages = sorted(f["age"] for f in facts)
    return max((b - a for a, b in itertools.pairwise(ages)), default=None)


def trade(every, s, p, others):  # noqa: C901
    facts = good(every)
    year = [f for f in facts if f["age"] < YEAR]
    found = dict.fromkeys(
        [f"{s}_{x}" for x in (
            "year_log10", "typical_log10", "invoices_log10", "growth_year", "growth_quarter",
            "spread", "season_share", "peak_share", "recency_days", "gap_days", "active_share",
            "void_share", "return_share")]
        + [f"{p}_{x}" for x in (
            "top_share", "effective_log10", "kept_share", "new_share", "shared_share")]
    )  # fmt: skip
    all_year = [f for f in every if f["age"] < YEAR]
    if all_year:
        void = sum(f["status"] == Status.VOID for f in all_year)
        found[f"{s}_void_share"] = void / len(all_year)
    if facts:
        found[f"{s}_recency_days"] = min(f["age"] for f in facts)
    periods = [net(facts, PERIOD * n, PERIOD * (n + 1)) for n in range(26)]
    this, last = periods[:13], periods[13:]
    in_two_years = [f for f in facts if f["age"] < TWO_YEARS]
    if reaches(facts, TWO_YEARS) and in_two_years:
        found[f"{s}_growth_year"] = contrast(net(facts, 0, YEAR), net(facts, YEAR, TWO_YEARS))
        if sum(this) and sum(last):
            found[f"{s}_season_share"] = sum(
                min(a / sum(this), b / sum(last)) for a, b in zip(this, last, strict=True)
            )
    if reaches(facts, 455) and any(f["age"] < 455 for f in facts):
        found[f"{s}_growth_quarter"] = contrast(net(facts, 0, 91), net(facts, 364, 455))
    partners: dict[int, list] = {}
    for f in facts:
        partners.setdefault(f["counterparty"], []).append(f)
    of_year = {who: net(theirs, 0, YEAR) for who, theirs in partners.items()}
    of_last = {who: net(theirs, YEAR, TWO_YEARS) for who, theirs in partners.items()}
    if reaches(facts, TWO_YEARS):
        if in_two_years:
            kept = sum(
                of_last[who]
                for who, theirs in partners.items()
                if any(f["age"] < YEAR for f in theirs)
            )
            found[f"{p}_kept_share"] = share(kept, sum(of_last.values()))
        new = sum(
            of_year[who] for who, theirs in partners.items() if all(f["age"] < YEAR for f in theirs)
        )
        found[f"{p}_new_share"] = share(new, sum(of_year.values()))
    if not year:
        return found
    found[f"{s}_year_log10"] = log10(net(facts, 0, YEAR))
    positive = [f["amount_minor"] for f in year if f["amount_minor"] > 0]
    found[f"{s}_typical_log10"] = log10(median(positive)) if positive else None
    found[f"{s}_invoices_log10"] = log10(len(year))
    oldest = max(f["age"] for f in facts)
    if oldest + 1 >= 6 * PERIOD:
        found[f"{s}_spread"] = quartile_contrast(this[: (oldest + 1) // PERIOD])
    if oldest + 1 >= YEAR:
        found[f"{s}_peak_share"] = share(max(this), sum(this))
        found[f"{s}_active_share"] = len({f["age"] // 7 for f in year}) / 52
    found[f"{s}_gap_days"] = longest_gap(year)
    back = sum(-f["amount_minor"] for f in year if f["amount_minor"] < 0)
    found[f"{s}_return_share"] = share(back, back + sum(positive))
    whole = sum(of_year.values())
    found[f"{p}_top_share"] = share(max(of_year.values()), whole)
    found[f"{p}_effective_log10"] = (
        log10(whole**2 / sum(v**2 for v in of_year.values())) if whole else None
    )
    found[f"{p}_shared_share"] = share(sum(v for w, v in of_year.items() if w in others), whole)
    return found


def both_sides(sales, purchases):
    sales, purchases = good(sales), good(purchases)
    facts = sales + purchases
    found = dict.fromkeys(["margin_share", "margin_change", "reciprocal_share", "trade_age_days"])
    if facts:
        found["trade_age_days"] = max(f["age"] for f in facts)
    if not sales or not purchases:
        return found

    def margin(youngest):
        pair = [net(side, youngest, youngest + YEAR) for side in (sales, purchases)]
        return contrast(*pair)

    if any(f["age"] < YEAR for f in facts):
        found["margin_share"] = margin(0)
        sold: dict[int, list] = {}
        bought: dict[int, list] = {}
        for kept, side in ((sold, sales), (bought, purchases)):
            for f in side:
                kept.setdefault(f["counterparty"], []).append(f)
        one = {who: net(theirs, 0, YEAR) for who, theirs in sold.items()}
        other = {who: net(theirs, 0, YEAR) for who, theirs in bought.items()}
        both = sum(2 * min(one[who], other[who]) for who in one if who in other)
        found["reciprocal_share"] = share(both, sum(one.values()) + sum(other.values()))
    reach = max(f["age"] for f in facts) + 1 >= TWO_YEARS
    in_window = any(f["age"] < TWO_YEARS for f in facts)
    if reach and in_window and margin(0) is not None and margin(YEAR) is not None:
        found["margin_change"] = margin(0) - margin(YEAR)
    return found


def account(facts):
    names = (
        "inflow_period_log10", "inflow_spread", "inflow_active_share", "outflow_share",
        "balance_mean_periods", "balance_low_periods", "balance_now_periods",
        "balance_deviation_periods", "balance_negative_share", "standing_share",
        "penalty_count", "account_age_days", "account_recency_days",
    )  # fmt: skip
    found = dict.fromkeys(names)
    if not facts:
        return found
    oldest, youngest = facts[0]["age"], facts[-1]["age"]
    found["account_age_days"], found["account_recency_days"] = oldest, youngest
    year = [f for f in facts if f["age"] < YEAR]
    if not year:
        return found
    days = min(oldest + 1, YEAR)
    inflow = sum(f["amount_minor"] for f in year if f["amount_minor"] > 0)
    outflow = -sum(f["amount_minor"] for f in year if f["amount_minor"] < 0)
    period = inflow * PERIOD / days
    balances = []
    for age in range(days - 1, -1, -1):
        stands: dict[int, int] = {}
        for f in facts:
            if f["age"] >= age:
                stands[f["account"]] = f["balance_minor"]
        balances.append(sum(stands.values()))
    mean = sum(balances) / days
    deviation = sum(abs(b - mean) for b in balances) / days
    inflows = [
        sum(max(f["amount_minor"], 0) for f in year if f["age"] // PERIOD == n) for n in range(13)
    ]
    found |= {
        "inflow_period_log10": log10(period),
        "inflow_active_share": sum(v > 0 for v in inflows) / math.ceil(days / PERIOD),
        "outflow_share": contrast(outflow, inflow),
        "balance_mean_periods": share(mean, period),
        "balance_low_periods": share(min(balances), period),
        "balance_now_periods": share(balances[-1], period),
        "balance_deviation_periods": share(deviation, period),
        "balance_negative_share": sum(b < 0 for b in balances) / days,
        "standing_share": share(
            -sum(min(f["amount_minor"], 0) for f in year if f["kind"] == 1), outflow
        ),
        "penalty_count": sum(f["kind"] == 2 for f in year),
    }
    if oldest + 1 >= 6 * PERIOD:
        found["inflow_spread"] = quartile_contrast(inflows[: days // PERIOD])
    return found


def wages(facts, sales):
    found = dict.fromkeys(
        ["payroll_year_log10", "payroll_gap_days", "payroll_recency_days", "headcount",
         "headcount_growth", "payroll_sales_share"]
    )  # fmt: skip
    if not facts:
        return found
    found["payroll_recency_days"] = facts[-1]["age"]
    year = [f for f in facts if f["age"] < YEAR]
    if not year:
        return found
    paid = sum(f["gross_minor"] for f in year)
    found["payroll_year_log10"] = log10(paid) if paid > 0 else None
    found["payroll_gap_days"] = longest_gap(year)
    found["payroll_sales_share"] = contrast(paid, net(sales, 0, YEAR))
    said = [f for f in year if f["headcount"] >= 0]
    now = [f["headcount"] for f in said if f["age"] < 182]
    before = [f["headcount"] for f in said if f["age"] >= 182]
    found["headcount"] = median(now) if now else None
    if now and before and facts[0]["age"] + 1 >= 182:
        found["headcount_growth"] = contrast(median(now), median(before))
    return found


def repaid(facts):
    found = dict.fromkeys(
        ["loans_count", "instalments_count", "late_share", "late_mean_days", "late_worst_days",
         "overdue_share"]
    )  # fmt: skip
    if not facts:
        return found
    late, still_open, loans = [], 0, set()
    dues = sorted(
        (f for f in facts if f["kind"] == 0), key=lambda f: (-f["age"], f["amount_minor"])
    )
    for loan in {f["loan"] for f in facts}:
        due_so_far = 0
        payments = [f for f in facts if f["loan"] == loan and f["kind"] == 1]
        for due in (f for f in dues if f["loan"] == loan):
            loans.add(loan)
            due_so_far += due["amount_minor"]
            settled, paid = 0, 0
            for payment in payments:
                paid += payment["amount_minor"]
                if paid >= due_so_far:
                    settled = payment["age"]
                    break
            late.append(max(due["age"] - settled, 0))
            still_open += min(max(due_so_far - paid, 0), due["amount_minor"])
    found["loans_count"], found["instalments_count"] = len(loans), len(dues)
    if dues:
        found["late_share"] = sum(days > 0 for days in late) / len(dues)
        found["late_mean_days"] = sum(late) / len(dues)
        found["late_worst_days"] = max(late)
        found["overdue_share"] = share(still_open, sum(f["amount_minor"] for f in dues))
    return found
