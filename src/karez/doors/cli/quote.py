"""``karez quote``: what a loan would be like, and what it would cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from karez.doors.cli.bookkeeping import lines_of, major, today
from karez.doors.cli.shell import Shell, command_options, table
from karez.doors.files.quotes import (
    REQUIRED_NAMES,
    TERM_NAMES,
    check_names,
    quote_terms,
    read_product,
)
from karez.engines.cashflow.cost import percent
from karez.engines.cashflow.quote import Quote, quote_of


def _term_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one option for each term of a quote."""
    for name, meaning in reversed(TERM_NAMES.items()):
        text = f"{meaning[0].upper()}{meaning[1:]}."
        command = click.option(f"--{name}", name.replace("-", "_"), metavar="VALUE", help=text)(
            command
        )
    return command


@click.command()
@_term_options
@click.option(
    "--product",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A TOML file that names terms as the options do; an option counts before it.",
)
@click.option(
    "--what-if",
    "changes",
    multiple=True,
    metavar="CHANGES",
    help="Compare with a loan that differs: term=24,kind=bullet. Can be given more than once.",
)
@command_options
def quote(
    shell: Shell,
    *,
    product: Path | None,
    changes: tuple[str, ...],
    **options: str | None,
) -> None:
    """Show the schedule of a loan and what it would cost; no database is needed."""
    values = {} if product is None else read_product(product)
    values |= {name.replace("_", "-"): text for name, text in options.items() if text is not None}
    for name in REQUIRED_NAMES:
        if name not in values:
            raise click.UsageError(f"{name} is missing: give --{name}, or name it in --product.")
    day = today()
    asked = quote_of(quote_terms(values, today=day))
    others = [quote_of(quote_terms(values | _changes(change), today=day)) for change in changes]
    document = _document(asked) | {
        "what_if": [
            {"change": change, **_document(other)}
            for change, other in zip(changes, others, strict=True)
        ]
    }
    shell.show(document, [*_schedule(asked), "", *_comparison(asked, changes, others)])


def _changes(text: str) -> dict[str, str]:
    """Return the terms that a what-if changes."""
    pairs = [part.partition("=") for part in text.split(",")]
    for name, equals, value in pairs:
        if not (name and equals and value):
            raise click.BadParameter(
                f"{text!r} is no list of changes: write name=value, and commas between.",
                param_hint="--what-if",
            )
    changed = {name.strip(): value.strip() for name, _, value in pairs}
    check_names(changed)
    return changed


def _schedule(asked: Quote) -> list[str]:
    unit = asked.terms.currency.code
    rows: list[Sequence[object]] = [
        (
            line.number,
            line.due_on,
            major(line.principal_minor, unit),
            major(line.interest_minor, unit),
            major(line.payment_minor, unit),
            major(line.balance_minor, unit),
        )
        for line in asked.instalments
    ]
    sums = (asked.terms.principal_minor, asked.interest_minor, asked.payment_minor)
    rows.append((None, "total", *(major(amount, unit) for amount in sums), None))
    return table(["no", "due on", "principal", "interest", "payment", f"balance {unit}"], rows)


def _comparison(asked: Quote, changes: Sequence[str], others: Sequence[Quote]) -> list[str]:
    """Return the summary of the quote, and those of what it is compared with beside it."""
    if not others:
        return lines_of(list(_summary(asked).items()))
    summaries = [_summary(one) for one in (asked, *others)]
    rows = [[label, *(summary[label] for summary in summaries)] for label in summaries[0]]
    return table(["", "quote", *changes], rows)


def _summary(asked: Quote) -> dict[str, object]:
    unit, cost = asked.terms.currency.code, asked.cost
    return {
        "instalments": asked.terms.term,
        "instalment": major(asked.regular.payment_minor, unit),
        "last instalment": major(asked.instalments[-1].payment_minor, unit),
        "total interest": major(asked.interest_minor, unit),
        "fee": major(asked.terms.fee_minor, unit),
        "total cost": major(cost.cost_minor, unit),
        "total payable": major(cost.paid_minor, unit),
        "APR EU %": percent(cost.apr_eu),
        "APR US %": percent(cost.apr_us),
        "effective %": percent(cost.effective),
    }


def _document(asked: Quote) -> dict[str, Any]:
    terms, unit, cost = asked.terms, asked.terms.currency.code, asked.cost
    return {
        "terms": {
            "principal": major(terms.principal_minor, unit),
            "currency": unit,
            "rate": terms.rate_pct_year,
            "term": terms.term,
            "every": f"{terms.every.count}{terms.every.unit}",
            "start": terms.start,
            "first": terms.first,
            "kind": terms.kind,
            "day-count": terms.day_count,
            "fee": major(terms.fee_minor, unit),
            "grace": terms.grace,
            "rounding": terms.rounding,
            "step": major(terms.step_minor, unit),
        },
        "instalments": [
            {
                "number": line.number,
                "due_on": line.due_on,
                "principal": major(line.principal_minor, unit),
                "interest": major(line.interest_minor, unit),
                "payment": major(line.payment_minor, unit),
                "balance": major(line.balance_minor, unit),
            }
            for line in asked.instalments
        ],
        "instalment": major(asked.regular.payment_minor, unit),
        "last_instalment": major(asked.instalments[-1].payment_minor, unit),
        "total_interest": major(asked.interest_minor, unit),
        "total_cost": major(cost.cost_minor, unit),
        "total_payable": major(cost.paid_minor, unit),
        "apr_eu_pct": percent(cost.apr_eu),
        "apr_us_pct": percent(cost.apr_us),
        "effective_pct": percent(cost.effective),
    }
