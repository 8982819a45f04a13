"""The terms of a plan in a TOML file; ``docs/reference/price-files.md`` has its form."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import attrs
import numpy as np

from karez.doors.files.case_errors import Fields
from karez.doors.files.errors import FileUnreadableError
from karez.engines.price.curve import WHOLE_PPM, Curve
from karez.engines.price.question import Bound, Counts, Firms, Question
from karez.engines.price.rate import Costs, Floats, Ints
from karez.engines.price.shock import Response
from karez.engines.price.tail import Tail
from karez.kernel.money import Currency, currency

_EVERY = "*"
_TERMS = ("currency", "budget", "amount", "rates", "counts", "balance_share", "costs", "lgd",
          "bounds", "tail", "response", "months", "fee")  # fmt: skip


@attrs.frozen(eq=False)
class RateGrid:
    """Rates from the least to the most, in millionths; without a step those of the curve."""

    least_ppm: int
    most_ppm: int
    step_ppm: int | None

    def rates(self, curve: Curve) -> Ints:
        """Return the rates that may be offered."""
        if self.step_ppm is not None:
            return np.arange(self.least_ppm, self.most_ppm + 1, self.step_ppm, dtype=np.int64)
        inside = (curve.rates_ppm >= self.least_ppm) & (curve.rates_ppm <= self.most_ppm)
        return curve.rates_ppm[inside]


@attrs.frozen(eq=False)
class PlanTerms:
    """Everything that a plan depends on but the firms and their customers."""

    currency: Currency
    budget_minor: int
    least_minor: int
    most_minor: int
    step_minor: int
    rates: RateGrid
    counts: Counts
    balance_share: float
    costs: Costs
    lgd: float | None
    """For firms whose table does not say."""
    bounds: Sequence[Bound]
    tail: Tail | None
    response: Response
    months: int
    """The term of a loan, for the all-in rate."""
    fee: float

    def question(self, firms: Firms, curve: Curve, highest: Floats) -> Question:
        """Return what is asked of a plan. A bound on every ``*`` is one on each not named."""
        bounds = [bound for bound in self.bounds if bound.name != _EVERY]
        for every in (bound for bound in self.bounds if bound.name == _EVERY):
            names = firms.industry if every.of == "industry" else firms.group
            named = {bound.name for bound in bounds if bound.of == every.of}
            bounds += [attrs.evolve(every, name=name) for name in sorted(set(names) - named - {""})]
        return Question(
            firms, curve, self.costs, self.budget_minor, self.step_minor, self.rates.rates(curve),
            self.balance_share, self.counts, bounds, self.tail, highest,
        )  # fmt: skip


def read_toml(path: Path) -> Fields:
    """Return what a TOML file says, its fractions as decimals.

    Raises:
        FileUnreadableError: it is no TOML, or cannot be read.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise FileUnreadableError(file=path, format="TOML", reason=fault) from fault
    return Fields(path.name, "file", values)


def read_terms(path: Path) -> PlanTerms:
    """Return the terms of a plan.

    Raises:
        FileUnreadableError: the file is no TOML.
        CaseBrokenError: a term is missing, unknown, or holds what it must not.
        CurrencyUnknownError: there is no such currency.
    """
    fields = read_toml(path)
    refuse_unknown(fields, _TERMS)
    unit = currency(fields.text("currency"))
    amount = _table(fields, "amount", ("least", "most", "step"))
    rates = _table(fields, "rates", ("least", "most", "step"))
    months = fields.whole("months", default=12)
    if not months:
        raise fields.broken("months", "a loan lasts a month or more")
    return PlanTerms(
        currency=unit,
        budget_minor=fields.amount("budget", unit.exponent),
        least_minor=amount.amount("least", unit.exponent),
        most_minor=amount.amount("most", unit.exponent),
        step_minor=amount.amount("step", unit.exponent),
        rates=RateGrid(
            _ppm(rates, "least"),
            _ppm(rates, "most"),
            None if rates.get("step") is None else _ppm(rates, "step"),
        ),
        counts=fields.choice("counts", {each.value: each for each in Counts}, Counts.OFFERED),
        balance_share=share(fields, "balance_share", 1.0),
        costs=_costs(_table(fields, "costs", ("funding", "capital", "hurdle", "variable", "fixed",
                                              "margin")), unit),
        lgd=None if fields.get("lgd") is None else share(fields, "lgd"),
        bounds=[_bound(bound, unit) for bound in tables(fields, "bounds")],
        tail=None if fields.get("tail") is None else _tail(fields, unit),
        response=_response(fields),
        months=months,
        fee=share(fields, "fee", 0.0),
    )  # fmt: skip


def refuse_unknown(fields: Fields, known: Sequence[str]) -> None:
    """Refuse a field that has no meaning here."""
    for name in fields.values:
        if name not in known:
            raise fields.broken(name, f"what can stand here is {', '.join(known)}")


def tables(fields: Fields, name: str) -> list[Fields]:
    """Return the tables of a list; none where it is left out."""
    found = fields.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise fields.broken(name, "it must be a list of tables")
    return [
        Fields(fields.case, f"{name}[{place}]", values)
        for place, values in enumerate(cast("list[Any]", found), 1)
    ]


def share(fields: Fields, name: str, default: float | None = None) -> float:
    """Return a share from 0 to 1."""
    if default is not None and fields.get(name) is None:
        return default
    found = fields.number(name)
    if not 0 <= found <= 1:
        raise fields.broken(name, "it is a share from 0 to 1, such as 0.05 for 5 %")
    return float(found)


def _table(fields: Fields, name: str, known: Sequence[str]) -> Fields:
    found = Fields(fields.case, name, fields.get(name))
    refuse_unknown(found, known)
    return found


def _ppm(fields: Fields, name: str) -> int:
    found = fields.number(name) * WHOLE_PPM
    if found != found.to_integral_value() or not 0 < found <= WHOLE_PPM:
        raise fields.broken(name, "it is a rate such as 0.0425, with six decimals at most")
    return int(found)


def _costs(fields: Fields, unit: Currency) -> Costs:
    return Costs(
        funding_rate=share(fields, "funding"),
        capital_share=share(fields, "capital", 0.0),
        hurdle_rate=share(fields, "hurdle", 0.0),
        variable_rate=share(fields, "variable", 0.0),
        fixed_minor=0 if fields.get("fixed") is None else fields.amount("fixed", unit.exponent),
        margin_rate=share(fields, "margin", 0.0),
    )


def _bound(fields: Fields, unit: Currency) -> Bound:
    refuse_unknown(fields, ("industry", "group", "least", "most"))
    of = "industry" if fields.get("group") is None else "group"
    least = 0 if fields.get("least") is None else fields.amount("least", unit.exponent)
    most = fields.amount("most", unit.exponent)
    if least > most:
        raise fields.broken("least", "it is no more than most")
    return Bound(of, fields.text(of), most, least)


def _tail(fields: Fields, unit: Currency) -> Tail:
    tail = _table(fields, "tail", ("most", "worst", "national", "sector"))
    return Tail(
        tail.amount("most", unit.exponent),
        worst_share=share(tail, "worst", 0.01),
        national=share(tail, "national", 0.06),
        sector=share(tail, "sector", 0.08),
    )


def _response(fields: Fields) -> Response:
    if fields.get("response") is None:
        return Response()
    response = _table(fields, "response", ("pd_logit", "recovery_lost"))
    return Response(float(response.number("pd_logit")), share(response, "recovery_lost"))
