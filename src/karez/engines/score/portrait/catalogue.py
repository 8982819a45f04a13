"""All features, each declared once. ``docs/reference/features.md`` is made of these tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from karez.engines.score.portrait import groups
from karez.engines.score.portrait.account import Account
from karez.engines.score.portrait.facts import Floats, Ints
from karez.engines.score.portrait.feature import Basis, Direction, Feature
from karez.engines.score.portrait.scene import Scene
from karez.engines.score.portrait.trade import Trade, margin, reciprocal
from karez.engines.score.portrait.windows import (
    EVER,
    HALF,
    PERIOD,
    QUARTER,
    TWO_YEARS,
    YEAR,
)  # fmt: skip

MORE: Direction = 1
LESS: Direction = -1
OPEN: Direction = None
"""What experience expects of default as a figure rises."""

SIX_PERIODS = 6 * PERIOD

_Row = tuple[str, str, int, int, Direction, str, Callable[[Trade], Floats]]


def _log(measure: Callable[[Trade], Floats]) -> Callable[[Trade], Floats]:
    return lambda trade: groups.log10(measure(trade))


# Name, unit, window, history, direction, words, measure; of one side of the trade.
# {s} is sales or purchases, {p} buyers or suppliers.
_SIDE: tuple[_Row, ...] = (
    ("{s}_year_log10", "log10 minor units", YEAR, 0, LESS,
     "{s} of the year, returns taken off", _log(lambda trade: trade.year)),
    ("{s}_typical_log10", "log10 minor units", YEAR, 0, LESS,
     "the middle amount of an invoice of {s}", _log(Trade.typical)),
    ("{s}_invoices_log10", "log10 invoices", YEAR, 0, LESS,
     "how many invoices of {s} there are", _log(Trade.number)),
    ("{s}_growth_year", "contrast", TWO_YEARS, TWO_YEARS, LESS,
     "{s} of the year beside those of the year before", Trade.growth_year),
    ("{s}_growth_quarter", "contrast", YEAR + QUARTER, YEAR + QUARTER, LESS,
     "{s} of 13 weeks beside those of the same weeks a year earlier", Trade.growth_quarter),
    ("{s}_spread", "contrast", YEAR, SIX_PERIODS, MORE,
     "how far apart the quartiles of four weeks' {s} lie", Trade.spread),
    ("{s}_season_share", "share", TWO_YEARS, TWO_YEARS, OPEN,
     "{s} that fell into the same four weeks as the year before", Trade.season),
    ("{s}_peak_share", "share", YEAR, YEAR, MORE,
     "{s} that the strongest four weeks brought", Trade.peak),
    ("{s}_recency_days", "days", EVER, 0, MORE,
     "days since the last invoice of {s}", Trade.recency),
    ("{s}_gap_days", "days", YEAR, 0, MORE,
     "the longest stretch between two invoices of {s}", Trade.gap),
    ("{s}_active_share", "share", YEAR, YEAR, LESS,
     "weeks with an invoice of {s}", Trade.active),
    ("{s}_void_share", "share", YEAR, 0, MORE,
     "invoices of {s} that are void", Trade.void),
    ("{s}_return_share", "share", YEAR, 0, MORE,
     "amounts of {s} that came back as returns", Trade.returned),
    ("{p}_top_share", "share", YEAR, 0, MORE,
     "{s} with the greatest of the {p}", Trade.top),
    ("{p}_effective_log10", "log10 {p}", YEAR, 0, LESS,
     "how many equal {p} would be as concentrated", _log(Trade.effective)),
    ("{p}_kept_share", "share", TWO_YEARS, TWO_YEARS, LESS,
     "last year's {s} with {p} that came back in this year", Trade.kept),
    ("{p}_new_share", "share", EVER, TWO_YEARS, OPEN,
     "{s} with {p} that were never seen before this year", Trade.new),
    ("{p}_shared_share", "share", YEAR, 0, OPEN,
     "{s} with {p} that trade with other firms of the book too", Trade.with_shared),
)  # fmt: skip


def _of_side(row: _Row, side: str, partners: str) -> Feature:
    name, unit, window, history, direction, words, measure = row
    fill = {"s": side, "p": partners}

    def measured(scene: Scene) -> Floats:
        return measure(scene.sales if side == "sales" else scene.purchases)

    return Feature(
        name=name.format_map(fill),
        unit=unit.format_map(fill),
        basis=Basis[side.upper() + ("_ALL" if "void" in name else "")],
        window_days=window,
        direction=direction,
        words=words.format_map(fill),
        measure=measured,
        history_days=history,
    )


def _margin_of(scene: Scene, youngest: int) -> Floats:
    sales = scene.sales.between(youngest, youngest + YEAR)
    purchases = scene.purchases.between(youngest, youngest + YEAR)
    return np.where(scene.trades_both_ways, margin(sales, purchases), np.nan)


def _reciprocal(scene: Scene) -> Floats:
    share = reciprocal(scene.sales, scene.purchases)
    return np.where(scene.trades_both_ways, share, np.nan)


_TRADE = (
    Feature("margin_share", "contrast", Basis.TRADE, YEAR, LESS,
            "sales of the year beside purchases", lambda scene: _margin_of(scene, 0)),
    Feature("margin_change", "contrast", Basis.TRADE, TWO_YEARS, LESS,
            "that share, less what it was the year before",
            lambda scene: _margin_of(scene, 0) - _margin_of(scene, YEAR), TWO_YEARS),
    Feature("reciprocal_share", "share", Basis.TRADE, YEAR, MORE,
            "trade that goes both ways between the same two", _reciprocal),
    Feature("trade_age_days", "days", Basis.TRADE, EVER, LESS,
            "days since the first invoice that is known",
            lambda scene: groups.pick(*_ages(scene))),
)  # fmt: skip


def _ages(scene: Scene) -> tuple[Ints, int, Ints]:
    trade = scene.view(Basis.TRADE)
    return trade.sitting, scene.count, trade.age_days


def _in_periods(measure: Callable[[Account], Floats]) -> Callable[[Scene], Floats]:
    """Return what a measure is in four weeks' inflows."""
    return lambda scene: groups.ratio(measure(scene.account), scene.account.inflow_period)


def _of_account(measure: Callable[[Account], Floats]) -> Callable[[Scene], Floats]:
    return lambda scene: measure(scene.account)


_ACCOUNT = (
    Feature("inflow_period_log10", "log10 minor units", Basis.MOVEMENTS, YEAR, LESS,
            "what comes in during four weeks",
            lambda scene: groups.log10(scene.account.inflow_period)),
    Feature("inflow_spread", "contrast", Basis.MOVEMENTS, YEAR, MORE,
            "how far apart the quartiles of four weeks' inflows lie",
            _of_account(Account.inflow_spread), SIX_PERIODS),
    Feature("inflow_active_share", "share", Basis.MOVEMENTS, YEAR, LESS,
            "stretches of four weeks in which money came in",
            _of_account(Account.inflow_active)),
    Feature("outflow_share", "contrast", Basis.MOVEMENTS, YEAR, MORE,
            "what goes out beside what comes in",
            lambda scene: groups.contrast(scene.account.outflow, scene.account.inflow)),
    Feature("balance_mean_periods", "four weeks' inflows", Basis.MOVEMENTS, YEAR, LESS,
            "what stands on the accounts on the average day",
            _in_periods(lambda account: account.balance_mean)),
    Feature("balance_low_periods", "four weeks' inflows", Basis.MOVEMENTS, YEAR, LESS,
            "the lowest balance at the end of a day", _in_periods(Account.balance_low)),
    Feature("balance_now_periods", "four weeks' inflows", Basis.MOVEMENTS, YEAR, LESS,
            "what stands on the accounts now", _in_periods(Account.balance_now)),
    Feature("balance_deviation_periods", "four weeks' inflows", Basis.MOVEMENTS, YEAR, OPEN,
            "how far a day's balance is from the mean", _in_periods(Account.balance_deviation)),
    Feature("balance_negative_share", "share", Basis.MOVEMENTS, YEAR, MORE,
            "days that end below nothing", _of_account(Account.negative)),
    Feature("standing_share", "share", Basis.MOVEMENTS, YEAR, LESS,
            "outflows by standing order", _of_account(Account.standing)),
    Feature("penalty_count", "charges", Basis.MOVEMENTS, YEAR, MORE,
            "how often penalty interest was charged", _of_account(Account.penalties)),
    Feature("account_age_days", "days", Basis.MOVEMENTS, EVER, LESS,
            "days since the first movement that is known", _of_account(Account.age)),
    Feature("account_recency_days", "days", Basis.MOVEMENTS, EVER, MORE,
            "days since the last movement", _of_account(Account.recency)),
)  # fmt: skip

_WAGES = (
    Feature("payroll_year_log10", "log10 minor units", Basis.PAYROLLS, YEAR, LESS,
            "wages of the year", lambda scene: groups.log10(scene.wages.year)),
    Feature("payroll_gap_days", "days", Basis.PAYROLLS, YEAR, MORE,
            "the longest stretch between two payrolls", lambda scene: scene.wages.gap()),
    Feature("payroll_recency_days", "days", Basis.PAYROLLS, EVER, MORE,
            "days since wages were last paid", lambda scene: scene.wages.recency()),
    Feature("headcount", "people", Basis.PAYROLLS, HALF, LESS,
            "the middle headcount of half a year", lambda scene: scene.wages.headcount()),
    Feature("headcount_growth", "contrast", Basis.PAYROLLS, YEAR, LESS,
            "headcount of half a year beside that of the half-year before",
            lambda scene: scene.wages.headcount_growth(), HALF),
    Feature("payroll_sales_share", "contrast", Basis.PAYROLLS, YEAR, OPEN,
            "wages of the year beside sales",
            lambda scene: groups.contrast(scene.wages.year, scene.sales.year)),
)  # fmt: skip

_HISTORY = (
    Feature("loans_count", "loans", Basis.REPAYMENTS, EVER, LESS,
            "loans on which something fell due", lambda scene: scene.history.loans()),
    Feature("instalments_count", "instalments", Basis.REPAYMENTS, EVER, LESS,
            "instalments that fell due", lambda scene: scene.history.number()),
    Feature("late_share", "share", Basis.REPAYMENTS, EVER, MORE,
            "instalments that were late by a day or more",
            lambda scene: scene.history.late_share()),
    Feature("late_mean_days", "days", Basis.REPAYMENTS, EVER, MORE,
            "by how many days an instalment was late, on average",
            lambda scene: scene.history.late_mean()),
    Feature("late_worst_days", "days", Basis.REPAYMENTS, EVER, MORE,
            "by how many days the latest was late", lambda scene: scene.history.late_worst()),
    Feature("overdue_share", "share", Basis.REPAYMENTS, EVER, MORE,
            "what is due and open, of all that fell due", lambda scene: scene.history.overdue()),
)  # fmt: skip

FEATURES: tuple[Feature, ...] = (
    *(_of_side(row, "sales", "buyers") for row in _SIDE),
    *(_of_side(row, "purchases", "suppliers") for row in _SIDE),
    *_TRADE,
    *_ACCOUNT,
    *_WAGES,
    *_HISTORY,
)
"""Every feature that is a number, in the order in which a portrait has them."""
