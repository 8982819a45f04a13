"""The portfolio on a day: what is at risk, who answers for it, how it moves and may lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from starlette.responses import Response

from karez.doors.console import charts
from karez.doors.console.language import later
from karez.doors.console.pages.sheet_page import (
    Field,
    Figure,
    Surrounding,
    Tab,
    day_field,
    kept,
    sheet_page,
    texts_of,
)
from karez.doors.console.sheets import ALL, Cell, Sheet, amount, number, on_day, rate, words
from karez.doors.console.visit import Page, Visit
from karez.doors.operations.reports import (
    AtRiskReport,
    ConcentrationReport,
    DesksReport,
    LossesReport,
    RollsReport,
    VintagesReport,
)
from karez.kernel.ids import show_id
from karez.kernel.money import currency
from karez.services.reporting.tables import AtRisk

TABS = (
    Tab("/portfolio", later("At risk"), "reports.at-risk"),
    Tab("/portfolio/desks", later("Who answers for it"), "reports.desks"),
    Tab("/portfolio/concentration", later("Concentration"), "reports.concentration"),
    Tab("/portfolio/rolls", later("Roll rates"), "reports.rolls"),
    Tab("/portfolio/vintages", later("Vintages"), "reports.vintages"),
    Tab("/portfolio/losses", later("Losses"), "reports.losses"),
)
GROUPS: Mapping[str, str] = {
    "product": later("Product"),
    "officer": later("Officer"),
    "place": later("Place"),
    "industry": later("Industry"),
}
GROUPS_OF_NAMES: Mapping[str, str] = {**GROUPS, "borrower": later("Borrower")}
STATES: Mapping[str, str] = {
    "current": later("Not late"),
    "1-30": later("1 to 30 days"),
    "31-60": later("31 to 60 days"),
    "61-90": later("61 to 90 days"),
    "default": later("In default"),
    "repaid": later("Repaid"),
}
AGES = (3, 6, 9, 12, 18, 24, 36)
BARS_MOST = 12
LINES_MOST = 8
LEVELS = ("0.95", "0.99", "0.999")
MONTHS = ("3", "6", "12", "24")
TOPS = ("10", "20", "50", "100")


def at_risk(visit: Visit) -> Response:
    """Show the principal of late loans by group, and draw it."""
    by = _group(visit, GROUPS)
    found: AtRiskReport = visit.ask("reports.at-risk", on=_asked(visit, "on"), by=by)
    headings = (
        GROUPS_OF_NAMES[by], later("Currency"), later("Loans"), later("Principal"),
        later("Late by 1 day or more"), later("Late by 30 days or more"),
        later("Late by 60 days or more"), later("Late by 90 days or more"),
        later("Late by 180 days or more"), later("Late by 30 days or more, of the principal"),
    )  # fmt: skip

    def row(one: AtRisk) -> tuple[Cell, ...]:
        unit, loans = one.currency, _loans_url(found.on) if one.group == ALL else ""
        desks = loans or kept("/portfolio/desks", on=found.on, by=by)
        return (
            _group_cell(visit, one.group), words(unit), number(one.loans, loans),
            amount(one.principal_minor, unit, desks), amount(one.late_1_minor, unit),
            amount(one.late_30_minor, unit), amount(one.late_60_minor, unit),
            amount(one.late_90_minor, unit), amount(one.late_180_minor, unit),
            rate(one.late_30_pct),
        )  # fmt: skip

    sheet = Sheet(
        name=f"at-risk-{found.on}-{by}",
        title=visit.text(later("Portfolio at risk")),
        said=_said(visit, found, by=GROUPS_OF_NAMES[by]),
        headings=texts_of(visit, headings),
        rows=tuple(row(one) for one in found.rows if one.group != ALL),
        totals=tuple(row(one) for one in found.rows if one.group == ALL),
    )
    units = sorted({one.currency for one in found.rows})
    drawings = [_late_chart(visit, found.rows, unit, GROUPS_OF_NAMES[by]) for unit in units]
    return _page(visit, sheet, found, (_by_field(visit, by, GROUPS),), drawings=drawings)


def desks(visit: Visit) -> Response:
    """Show what each officer, place or other group answers for."""
    by = _group(visit, GROUPS)
    found: DesksReport = visit.ask("reports.desks", on=_asked(visit, "on"), by=by)
    headings = (
        GROUPS_OF_NAMES[by], later("Currency"), later("Loans"), later("Borrowers"),
        later("Principal"), later("Overdue"), later("Late by 30 days or more, of the principal"),
        later("Expected loss"),
    )  # fmt: skip
    rows = [
        (
            one.group,
            (
                _group_cell(visit, one.group), words(one.currency),
                number(one.loans, _loans_url(found.on) if one.group == ALL else ""),
                number(one.borrowers),
                amount(one.principal_minor, one.currency,
                       kept("/portfolio", on=found.on, by=by)),
                amount(one.overdue_minor, one.currency),
                rate(one.late_30_pct),
                amount(one.expected_loss_minor, one.currency,
                       kept("/portfolio/losses", on=found.on)),
            ),
        )
        for one in found.rows
    ]  # fmt: skip
    sheet = Sheet(
        name=f"desks-{found.on}-{by}",
        title=visit.text(later("Who answers for it")),
        said=_said(visit, found, by=GROUPS_OF_NAMES[by]),
        headings=texts_of(visit, headings),
        rows=tuple(cells for group, cells in rows if group != ALL),
        totals=tuple(cells for group, cells in rows if group == ALL),
    )
    return _page(visit, sheet, found, (_by_field(visit, by, GROUPS),))


def concentration(visit: Visit) -> Response:
    """Show to whom most of the principal falls."""
    by, top = _group(visit, GROUPS_OF_NAMES), _asked(visit, "top", "20")
    found: ConcentrationReport = visit.ask(
        "reports.concentration", on=_asked(visit, "on"), by=by, top=top
    )
    headings = (
        GROUPS_OF_NAMES[by], later("Currency"), later("Loans"), later("Principal"),
        later("Share of the principal"),
    )  # fmt: skip
    lumps = {one.currency: one.effective_number for one in found.rows}
    of_equal = visit.text(later("As lumpy as so many equal names"))
    sheet = Sheet(
        name=f"concentration-{found.on}-{by}",
        title=visit.text(later("Concentration")),
        said=(
            *_said(visit, found, by=GROUPS_OF_NAMES[by]),
            *((f"{of_equal}, {unit}", words(f"{lump:f}")) for unit, lump in lumps.items()),
        ),
        headings=texts_of(visit, headings),
        rows=tuple(
            (
                _borrower(one.group) if by == "borrower" else _group_cell(visit, one.group),
                words(one.currency),
                number(one.loans),
                amount(one.principal_minor, one.currency),
                rate(one.share_pct),
            )
            for one in found.rows
        ),
    )
    fields = _by_field(visit, by, GROUPS_OF_NAMES), _choice(visit, "top", later("Names"), top, TOPS)
    return _page(visit, sheet, found, fields)


def rolls(visit: Visit) -> Response:
    """Show where loans of each state are a month later, tinted by how many."""
    by, months = _group(visit, GROUPS), _asked(visit, "months", "12")
    found: RollsReport = visit.ask("reports.rolls", on=_asked(visit, "on"), by=by, months=months)
    states = texts_of(visit, tuple(STATES.values()))
    shares = [
        (
            one.to_current_pct, one.to_1_30_pct, one.to_31_60_pct, one.to_61_90_pct,
            one.to_default_pct, one.to_repaid_pct,
        )
        for one in found.rows
    ]  # fmt: skip
    tints = charts.heat(
        "", states, [("", [float(share) for share in row]) for row in shares], corner="", form=str
    ).rows
    begin = later("State"), later("Loan months")
    sheet = Sheet(
        name=f"rolls-{found.on}-{by}",
        title=visit.text(later("Roll rates")),
        said=(
            *_said(visit, found, by=GROUPS_OF_NAMES[by]),
            (visit.text(later("Months")), number(found.months)),
        ),
        headings=(
            visit.text(GROUPS_OF_NAMES[by]),
            *texts_of(visit, begin),
            *(visit.text(later("A month later: %(state)s")) % {"state": each} for each in states),
        ),
        rows=tuple(
            (
                _group_cell(visit, one.group),
                words(visit.text(STATES[one.state])),
                number(one.loan_months),
                *(rate(share, tint=cell.step) for share, cell in zip(row, tinted, strict=True)),
            )
            for one, row, (_, tinted) in zip(found.rows, shares, tints, strict=True)
        ),
    )
    fields = (
        _by_field(visit, by, GROUPS),
        _choice(visit, "months", later("Months"), months, MONTHS),
    )
    return _page(visit, sheet, found, fields)


def vintages(visit: Visit) -> Response:
    """Show what part of the loans of each quarter was in default by an age, and draw it."""
    found: VintagesReport = visit.ask("reports.vintages", on=_asked(visit, "on"))
    curves = {
        one.cohort: (
            one.by_3_pct, one.by_6_pct, one.by_9_pct, one.by_12_pct, one.by_18_pct,
            one.by_24_pct, one.by_36_pct,
        )
        for one in found.rows
    }  # fmt: skip
    by_age = visit.text(later("In default by month %(age)s"))
    sheet = Sheet(
        name=f"vintages-{found.on}",
        title=visit.text(later("Vintages")),
        said=_said(visit, found),
        headings=(
            *texts_of(visit, (later("Quarter"), later("Loans"))),
            *(by_age % {"age": age} for age in AGES),
        ),
        rows=tuple(
            (words(one.cohort), number(one.loans), *(rate(each) for each in curves[one.cohort]))
            for one in found.rows
        ),
    )
    drawn = {
        cohort: [None if each is None else float(each) for each in curve]
        for cohort, curve in list(curves.items())[-LINES_MOST:]
        if curve[0] is not None
    }
    title = visit.text(later("In default, by age in months"))
    ages = [str(age) for age in AGES]
    heading = visit.text(later("Months"))
    drawings = [charts.lines(title, ages, drawn, heading=heading, form=_pct)] if drawn else []
    return _page(visit, sheet, found, drawings=drawings)


def losses(visit: Visit) -> Response:
    """Show what the book may lose within a year, by currency."""
    level = _asked(visit, "level", "0.99")
    found: LossesReport = visit.ask("reports.losses", on=_asked(visit, "on"), level=level)
    headings = (
        later("Currency"), later("Loans"), later("Exposure"), later("Expected loss"),
        later("Standard deviation"), later("Tail level"), later("Value at risk"),
        later("Expected shortfall"), later("Loans in default"), later("Lost in default"),
    )  # fmt: skip
    sheet = Sheet(
        name=f"losses-{found.on}",
        title=visit.text(later("Losses within a year")),
        said=_said(visit, found),
        headings=texts_of(visit, headings),
        rows=tuple(
            (
                words(one.currency), number(one.loans, _loans_url(found.on)),
                amount(one.exposure_minor, one.currency),
                amount(one.expected_loss_minor, one.currency,
                       kept("/portfolio/desks", on=found.on)),
                amount(one.spread_minor, one.currency), rate(one.tail_level_pct),
                amount(one.value_at_risk_minor, one.currency),
                amount(one.expected_shortfall_minor, one.currency),
                number(one.loans_in_default),
                amount(one.lost_in_default_minor, one.currency),
            )
            for one in found.rows
        ),
    )  # fmt: skip
    beside = kept("/portfolio/desks", on=found.on), kept("/portfolio", on=found.on)
    figures = [
        Figure(f"{visit.text(label)}, {one.currency}", amount(minor, one.currency), href)
        for one in found.rows
        for label, minor, href in (
            (later("Expected loss"), one.expected_loss_minor, beside[0]),
            (later("Value at risk"), one.value_at_risk_minor, "#sheet"),
            (later("Expected shortfall"), one.expected_shortfall_minor, "#sheet"),
            (later("Lost in default"), one.lost_in_default_minor, beside[1]),
        )
    ]
    shown = [(each, f"{Decimal(each) * 100:f} %") for each in LEVELS]
    fields = (Field("level", visit.text(later("Tail level")), "select", level, tuple(shown)),)
    return _page(visit, sheet, found, fields, figures=figures)


Report = (
    AtRiskReport | DesksReport | ConcentrationReport | RollsReport | VintagesReport | LossesReport
)


def _page(  # noqa: PLR0913 - what a page of the portfolio is made of
    visit: Visit,
    sheet: Sheet,
    found: Report,
    fields: Sequence[Field] = (),
    *,
    drawings: Sequence[charts.Drawing] = (),
    figures: Sequence[Figure] = (),
) -> Response:
    around = Surrounding(
        place="portfolio",
        tabs=TABS,
        fields=(day_field(visit, "on", later("As of"), found.on), *fields),
        drawings=drawings,
        figures=figures,
        nothing=visit.text(later("There was no loan of this kind on this day.")),
        pinned={"on": str(found.on)},
    )
    return sheet_page(visit, sheet, around)


def _late_chart(visit: Visit, rows: Sequence[AtRisk], unit: str, heading: str) -> charts.Drawing:
    """Draw the principal of the largest groups of a currency, by how late it is."""
    scale = 10 ** currency(unit).exponent
    groups = [one for one in rows if one.currency == unit and one.group != ALL]
    groups = sorted(groups, key=lambda one: -one.principal_minor)[:BARS_MOST]
    title = later("Principal by days late")
    parts = {
        later("Not late"): [one.principal_minor - one.late_1_minor for one in groups],
        later("1 to 29 days"): [one.late_1_minor - one.late_30_minor for one in groups],
        later("30 to 89 days"): [one.late_30_minor - one.late_90_minor for one in groups],
        later("90 days or more"): [one.late_90_minor for one in groups],
    }
    return charts.stacked(
        f"{visit.text(title)}, {unit}",
        [str(_group_cell(visit, one.group).shown) for one in groups],
        {visit.text(label): [each / scale for each in sums] for label, sums in parts.items()},
        heading=visit.text(heading),
    )


def _said(visit: Visit, found: Report, *, by: str = "") -> tuple[tuple[str, Cell], ...]:
    day = (visit.text(later("As of")), on_day(found.on))
    return (day, (visit.text(later("Split by")), words(visit.text(by)))) if by else (day,)


def _asked(visit: Visit, name: str, default: str = "") -> str:
    return visit.request.query_params.get(name) or default


def _group(visit: Visit, groups: Mapping[str, str]) -> str:
    """Return the group of the URL; a word that is none is product."""
    by = _asked(visit, "by", "product")
    return by if by in groups else "product"


def _by_field(visit: Visit, by: str, groups: Mapping[str, str]) -> Field:
    options = tuple((name, visit.text(label)) for name, label in groups.items())
    return Field("by", visit.text(later("Split by")), "select", by, options)


def _choice(visit: Visit, name: str, label: str, value: str, choices: Sequence[str]) -> Field:
    """Return a choice of numbers, with the one of the URL among them."""
    options = tuple((each, each) for each in dict.fromkeys((*choices, value)))
    return Field(name, visit.text(label), "select", value, options)


def _group_cell(visit: Visit, group: str) -> Cell:
    if group == ALL:
        return words(visit.text(later("Total")))
    return words(visit.text(later("Not said")) if group in {"", "-"} else group)


def _borrower(party_id: str) -> Cell:
    shown = show_id("pty", UUID(party_id))
    return words(shown, f"/parties/{shown}")


def _loans_url(on: object) -> str:
    return kept("/loans", status="active", on=on)


def _pct(value: float) -> str:
    return f"{value:.1f} %"


PAGES: Mapping[str, Page] = {
    "/portfolio": at_risk,
    "/portfolio/desks": desks,
    "/portfolio/concentration": concentration,
    "/portfolio/rolls": rolls,
    "/portfolio/vintages": vintages,
    "/portfolio/losses": losses,
}
