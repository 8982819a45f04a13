"""Operations that report on the book of loans, as of any day: the rows that every door shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal, TypeVar

import msgspec

from karez.doors.operations.operation import AnyOperation, Call, Operation, Retry
from karez.doors.operations.shapes import OnDay, Output
from karez.services import reporting
from karez.services.reporting import Portfolio
from karez.services.reporting.risk import Loss, RollLine, VintageLine
from karez.services.reporting.tables import AtRisk, Desk, Share

I = TypeVar("I", bound=OnDay)  # noqa: E741 - the input
O = TypeVar("O")  # noqa: E741 - the output

Group = Literal["product", "officer", "place", "industry", "borrower"]
Months = Annotated[int, msgspec.Meta(ge=1, le=120)]
Level = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Top = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class ByGroup(OnDay, kw_only=True):
    """The book on a day, split."""

    by: Group = "product"


class Concentration(ByGroup, kw_only=True):
    """To whom most of the principal falls."""

    top: Top = 20


class Tail(OnDay, kw_only=True):
    """The losses of a year, and where the tail is read."""

    level: Level = 0.99


class Rolls(ByGroup, kw_only=True):
    """Where loans of a state are a month later."""

    months: Months = 12


class AtRiskReport(Output, kw_only=True):
    """The portfolio at risk of each group, and of all."""

    on: date
    by: str
    rows: list[AtRisk]


class DesksReport(Output, kw_only=True):
    """What officers, counties or other groups answer for."""

    on: date
    by: str
    rows: list[Desk]


class ConcentrationReport(Output, kw_only=True):
    """What part falls to each name."""

    on: date
    by: str
    rows: list[Share]


class LossesReport(Output, kw_only=True):
    """What the book may lose within a year."""

    on: date
    rows: list[Loss]


class VintagesReport(Output, kw_only=True):
    """What part of the loans of a quarter was in default by an age."""

    on: date
    rows: list[VintageLine]


class RollsReport(Output, kw_only=True):
    """Roll rates."""

    on: date
    months: int
    rows: list[RollLine]


def _book(call: Call, asked: OnDay) -> Portfolio:
    return reporting.load_portfolio(call.office.books, asked.on or call.today)


def _at_risk(call: Call, asked: ByGroup) -> AtRiskReport:
    book = _book(call, asked)
    return AtRiskReport(on=book.on, by=asked.by, rows=reporting.at_risk(book, asked.by))


def _desks(call: Call, asked: ByGroup) -> DesksReport:
    book = _book(call, asked)
    return DesksReport(on=book.on, by=asked.by, rows=reporting.desks(book, asked.by))


def _concentration(call: Call, asked: Concentration) -> ConcentrationReport:
    book = _book(call, asked)
    rows = reporting.concentrated(book, asked.by, most=asked.top)
    return ConcentrationReport(on=book.on, by=asked.by, rows=rows)


def _losses(call: Call, asked: Tail) -> LossesReport:
    book = _book(call, asked)
    return LossesReport(on=book.on, rows=reporting.losses(book, level=asked.level))


def _vintages(call: Call, asked: OnDay) -> VintagesReport:
    on = asked.on or call.today
    return VintagesReport(on=on, rows=reporting.vintage_curves(call.office.books, on))


def _rolls(call: Call, asked: Rolls) -> RollsReport:
    on = asked.on or call.today
    rows = reporting.roll_rates(call.office.books, on, by=asked.by, months=asked.months)
    return RollsReport(on=on, months=asked.months, rows=rows)


def _report(
    name: str, summary: str, given: type[I], output: type[O], run: Callable[[Call, I], O]
) -> Operation[I, O]:
    return Operation(
        name=f"reports.{name}",
        summary=summary,
        method="GET",
        path=f"/v1/reports/{name}",
        input=given,
        output=output,
        run=run,
        permission="reports.read",
        retry=Retry.READ,
    )


OPERATIONS: tuple[AnyOperation, ...] = (
    _report(
        "at-risk", "Show the principal of loans that are late, by days.",
        ByGroup, AtRiskReport, _at_risk,
    ),
    _report(
        "desks", "Show what each officer, county or other group answers for.",
        ByGroup, DesksReport, _desks,
    ),
    _report(
        "concentration", "Show to whom most of the principal falls.",
        Concentration, ConcentrationReport, _concentration,
    ),
    _report("losses", "Show what the book may lose within a year.", Tail, LossesReport, _losses),
    _report(
        "vintages", "Show how the loans of each quarter fared.", OnDay, VintagesReport, _vintages
    ),
    _report(
        "rolls", "Show where loans of each state are a month later.", Rolls, RollsReport, _rolls
    ),
)  # fmt: skip
