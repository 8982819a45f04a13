"""``karez price plan``: whom to lend to, how much, at which rate."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from karez.doors.cli.bookkeeping import exit_with, lines_of, tell_refusals
from karez.doors.cli.price_market import market_options, read_market
from karez.doors.cli.price_words import (
    by_industry_words,
    industry_rows,
    major_of,
    pct,
    rate_words,
    refusal_words,
)
from karez.doors.cli.shell import ExitCode, Shell, command_options, table
from karez.doors.files.errors import FileUnwritableError
from karez.engines.price.plan import TAIL, Plan, make_plan
from karez.engines.price.refusal import find_refusals
from karez.engines.price.shock import Shock, by_industry, shock_question
from karez.engines.price.vary import vary, worth_of_more
from karez.kernel.money import Currency, parse_amount

SHOWN_MOST = 20
_COLUMNS = ("firm", "industry", "group", "amount", "rate_pct_year", "lost_pct", "profit",
            "expected_loss", "bad_years_loss")  # fmt: skip


class ShockType(click.ParamType[Shock]):
    """``INDUSTRY=SEVERITY:MONTHS``."""

    name = "shock"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Shock:
        """Return the shock that a text means."""
        industry, _, rest = value.rpartition("=")
        severity, _, months = rest.partition(":")
        try:
            return Shock(industry, float(severity), int(months))
        except ValueError:
            self.fail(f"{value!r} is not INDUSTRY=SEVERITY:MONTHS, as in retail=0.5:6", param, ctx)


@click.command()
@market_options
@click.option(
    "--shock",
    "shocks",
    type=ShockType(),
    multiple=True,
    metavar="INDUSTRY=SHARE:MONTHS",
    help="Compare with a year in which an industry loses this share of its revenue.",
)
@click.option("--more", metavar="AMOUNT", help="Show what so much more budget would earn.")
@click.option("--vary", "varied", is_flag=True, help="Show the plan under other inputs.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write all offers and refusals to this CSV file.",
)
@command_options
def plan(
    shell: Shell,
    *,
    shocks: tuple[Shock, ...],
    more: str | None,
    varied: bool,
    output: Path | None,
    **files: Any,
) -> None:
    """Show whom to lend to, how much and at which rate, so that no other plan earns more.

    FILE is a table of firms (CSV, Parquet, XLSX). A row that is wrong is named on the error channel
    and left out; the exit code is then 5.
    """  # fmt: skip
    market = read_market(**files)
    terms, refusals = market.terms, market.refusals
    tell_refusals(shell, refusals, len(refusals))
    unit = terms.currency
    question = terms.question(market.firms, market.curve, market.highest)
    found = make_plan(question)
    document = plan_document(found, unit)
    lines = _lines(document)
    if more is not None:
        extra = parse_amount(more, unit)
        earned = major_of(worth_of_more(found, extra), unit)
        document["worth_of_more"] = {"more": str(major_of(extra, unit)), "profit": str(earned)}
        lines += [
            "",
            f"With {major_of(extra, unit)} more of budget, {earned} more would be earned.",
        ]
    if varied:
        others = {name: _totals(other, unit) for name, other in vary(found).items()}
        document["varied"] = others
        columns = ("profit", "lent", "firms_lent")
        rows = [(name, *(_number(of[column]) for column in columns)) for name, of in others.items()]
        lines += ["", *table(["if", "profit", "lent", "firms"], rows)]
    if shocks:
        shocked = make_plan(shock_question(question, shocks, terms.response))
        document["shocked"] = plan_document(shocked, unit)
        words = by_industry_words(by_industry(found), by_industry(shocked), unit)
        document["shocked"]["words"] = words
        lines += ["", *words]
    if output is not None:
        _write(output, document)
    document["refused_rows"] = [refusal.as_dict() for refusal in refusals]
    shell.show(document, lines)
    exit_with(ExitCode.INVALID_INPUT if refusals else ExitCode.DONE)


def plan_document(plan: Plan, unit: Currency) -> dict[str, Any]:
    """Return a plan ready for JSON: amounts as text in major units, rates in per cent."""
    firms = plan.question.firms
    losses, bad_years = plan.expected_loss_minor, plan.bad_years_minor
    offers: list[dict[str, str | None]] = [
        {
            "firm": firms.names[firm],
            "industry": firms.industry[firm],
            "group": firms.group[firm],
            "amount": str(major_of(int(plan.amount_minor[firm]), unit)),
            "rate_pct_year": rate_words(int(plan.rate_ppm[firm])),
            "lost_pct": pct(float(plan.lost[firm])),
            "profit": str(major_of(float(plan.profit_minor[firm]), unit)),
            "expected_loss": str(major_of(float(losses[firm]), unit)),
            "bad_years_loss": str(major_of(float(bad_years[firm]), unit)),
        }
        for firm in (-plan.amount_minor).argsort(kind="stable").tolist()
        if plan.amount_minor[firm]
    ]
    refused = [
        {
            "firm": firms.names[each.firm],
            "industry": firms.industry[each.firm],
            "group": firms.group[each.firm],
            "why": each.why.value,
            "full": list(each.full),
            "earns_pct": pct(each.earns),
            "asked_pct": pct(each.asked),
            "words": refusal_words(each),
        }
        for each in find_refusals(plan)
    ]
    constraints = [
        {"name": name, "room": str(major_of(room, unit)), "price": f"{plan.price[name]:.4f}"}
        for name, room in plan.room_minor.items()
    ]
    columns = ("industry", "firms", "lent_to", "amount", "profit", "pd_pct")
    industries = [
        dict(zip(columns, map(str, row), strict=True))
        for row in industry_rows(by_industry(plan), unit)
    ]
    return {
        **_totals(plan, unit),
        "offers": offers,
        "refused": refused,
        "constraints": constraints,
        "by_industry": industries,
    }


def _totals(plan: Plan, unit: Currency) -> dict[str, str | int]:
    lent = int((plan.amount_minor > 0).sum())
    return {
        "budget": str(major_of(plan.question.budget_minor, unit)),
        "lent": str(major_of(int(plan.amount_minor.sum()), unit)),
        "firms_lent": lent,
        "firms_refused": len(plan.question.firms) - lent,
        "profit": str(major_of(plan.total_minor, unit)),
        "no_plan_earns_more_than": str(major_of(plan.bound_minor, unit)),
        "expected_loss": str(major_of(float(plan.expected_loss_minor.sum()), unit)),
        **(
            {"bad_years_loss": str(major_of(float(plan.bad_years_minor.sum()), unit))}
            if TAIL in plan.price
            else {}
        ),
    }


def _lines(document: dict[str, Any]) -> list[str]:
    offers, refused = document["offers"], document["refused"]
    rows = [
        (each["firm"], each["industry"], *(_number(each[name]) for name in _COLUMNS[3:8]))
        for each in offers[:SHOWN_MOST]
    ]
    names = {"firms_lent": "firms lent to", "no_plan_earns_more_than": "no plan earns more than"}
    totals = [
        (names.get(name, name.replace("_", " ")), _number(value))
        for name, value in document.items()
        if isinstance(value, str | int)
    ]
    lines = [*lines_of(totals), ""]
    lines += table(
        ["firm", "industry", "amount", "rate %", "lost %", "profit", "expected loss"], rows
    )
    if len(offers) > SHOWN_MOST:
        lines.append(f"... and {len(offers) - SHOWN_MOST} more; --output writes all")
    lines += ["", *(f"{each['firm']}: {each['words']}" for each in refused[:SHOWN_MOST])]
    if len(refused) > SHOWN_MOST:
        lines.append(f"... and {len(refused) - SHOWN_MOST} more refused; --output writes all")
    tight = [
        (each["name"], _number(each["room"]), _number(each["price"]))
        for each in document["constraints"]
        if float(each["price"])
    ]
    return [*lines, "", *table(["constraint", "room", "one more earns"], tight)] if tight else lines


def _number(value: object) -> Decimal:
    return Decimal(str(value))


def _write(path: Path, document: dict[str, Any]) -> None:
    refused: Sequence[dict[str, Any]] = document["refused"]
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow((*_COLUMNS, "why"))
            for offer in document["offers"]:
                writer.writerow((*(offer[name] for name in _COLUMNS), ""))
            for each in refused:
                who = (each["firm"], each["industry"], each["group"])
                writer.writerow((*who, *[""] * (len(_COLUMNS) - len(who)), each["words"]))
    except OSError as fault:
        raise FileUnwritableError(file=path, reason=fault.strerror) from fault
