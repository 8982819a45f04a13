"""``karez loan book``: one loan, on the terms of a product or of a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import click

from karez.doors.cli.bookkeeping import lines_of, major, open_books, today
from karez.doors.cli.shell import Shell, command_options
from karez.doors.files.case_errors import Fields
from karez.doors.files.case_terms import read_terms
from karez.doors.files.loan_commands import read_decimal
from karez.engines.servicing.terms import Terms
from karez.kernel.errors import InvalidInputError
from karez.kernel.ids import new_id, read_id, show_id
from karez.kernel.money import parse_amount
from karez.kernel.time import parse_date
from karez.services import lending
from karez.services.bookkeeping import Books
from karez.services.lending import Booking, DrawLimit, Loan
from karez.services.products import find_sheet


class TermsFileError(InvalidInputError):
    """{file} holds no terms of a loan: {reason}."""

    code = "terms-file"


def party(text: str) -> UUID:
    """Return the party that an option names."""
    return read_id("pty", text)


def loan_id(text: str) -> UUID:
    """Return the loan that an option names."""
    return read_id("ln", text)


@click.command()
@click.option("--borrower", type=party, required=True, metavar="ID", help="Who owes.")
@click.option("--product", metavar="CODE", help="On the terms of a product.")
@click.option("--version", type=int, help="Of the product; else the latest.")
@click.option("--amount", help="How much is lent; of a product.")
@click.option("--rate", type=read_decimal, metavar="PCT", help="Per cent a year; of a product.")
@click.option("--instalments", type=int, help="How many; of a product.")
@click.option(
    "--terms",
    "terms_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="On the terms of a JSON file, as `karez cashflow schedule` reads one case.",
)
@click.option("--currency", metavar="CODE", help="Of the loan, where terms are those of a file.")
@click.option("--on", type=parse_date, metavar="DATE", help="The day it is opened; else today.")
@click.option("--reference", default="", help="What others call it.")
@click.option("--officer", default="", help="Who looks after it.")
@click.option("--place", default="", help="Where it is used.")
@click.option("--industry", default="", help="What it is used in.")
@click.option("--pd", type=click.FloatRange(0, 1), default=0.0, help="Probability of default.")
@click.option("--lgd", type=click.FloatRange(0, 1), default=0.0, help="Part then lost.")
@click.option("--by", default="lending", help="Who says so.")
@click.option("--id", "chosen", type=loan_id, metavar="LOAN", help="Choose its id.")
@click.option("--preview", is_flag=True, help="Show what would be, and change nothing.")
@command_options
def book(shell: Shell, *, preview: bool, **options: Any) -> None:  # what click read
    """Book a loan. Nothing is paid out yet: that is `karez loan disburse`."""
    with open_books(shell) as books:
        on = options["on"] or lending.business_date(books, today())
        asked = _booking(books, on, options)
        [loan] = lending.book_loans(books, [asked], preview=preview)
    shell.show(loan_document(loan) | {"preview": preview}, _lines(loan, preview=preview))


def _booking(books: Books, on: date, options: Mapping[str, Any]) -> Booking:
    common: dict[str, Any] = {
        "borrower_id": options["borrower"],
        "opened_on": on,
        "reference": options["reference"],
        "officer": options["officer"],
        "place": options["place"],
        "industry": options["industry"],
        "pd": options["pd"],
        "lgd": options["lgd"],
        "actor": options["by"],
        "loan_id": options["chosen"] or new_id(),
    }
    of_product = [options[name] for name in ("product", "amount", "rate", "instalments")]
    of_file = [options["terms_file"], options["currency"]]
    if None not in of_product and not any(of_file):
        return _of_product(books, on, options, common)
    if None not in of_file and not any(of_product):
        terms = read_terms_file(options["terms_file"])
        return Booking(terms=terms, currency=options["currency"], **common)
    raise click.UsageError(
        "say --product, --amount, --rate and --instalments, or --terms and --currency"
    )


def _of_product(
    books: Books, on: date, options: Mapping[str, Any], common: Mapping[str, Any]
) -> Booking:
    with books.transaction() as connection:
        sheet = find_sheet(connection, options["product"], options["version"])
    amount_minor = parse_amount(options["amount"], sheet.currency)
    rate: Decimal = options["rate"]
    terms = sheet.terms(
        amount_minor=amount_minor,
        rate_pct_year=rate,
        instalments=options["instalments"],
        starts_on=on,
    )
    return Booking(
        terms=terms,
        currency=sheet.currency.code,
        late=sheet.late,
        charges=sheet.charges(starts_on=on),
        sheet=(sheet.code, sheet.version),
        limit=DrawLimit(
            amount_minor,
            sheet.revolves_until(starts_on=on, instalments=options["instalments"]),
        ),
        **common,
    )


def read_terms_file(path: Path) -> Terms:
    """Return the terms that a file holds: an object with ``terms`` and ``product_settings``.

    Raises:
        TermsFileError: it holds no such object.
        CaseBrokenError: a field is missing, or holds what it must not.
    """
    try:
        case = json.loads(path.read_bytes(), parse_float=str)
    except ValueError as fault:
        raise TermsFileError(file=str(path), reason=str(fault)) from fault
    fields = Fields(path.name, "case", case)
    own = Fields(path.name, "terms", fields.get("terms"))
    settings = Fields(path.name, "product_settings", fields.get("product_settings"))
    return read_terms(own, settings)


def loan_document(loan: Loan) -> dict[str, Any]:
    """Return a loan for scripts."""
    document = attrs.asdict(loan, recurse=False)
    for name in ("terms", "late", "sheet", "limit"):
        del document[name]
    limit = loan.limit
    code, version = loan.sheet or (None, None)
    return document | {
        "loan_id": show_id("ln", loan.loan_id),
        "borrower_id": show_id("pty", loan.borrower_id),
        "product": code,
        "product_version": version,
        "instalments": loan.terms.instalments,
        "rate_pct_year": loan.terms.rate_pct_year,
        "limit_minor": limit.most_minor if limit else None,
        "revolves_until": limit.revolves_until if limit else None,
    }


def _lines(loan: Loan, *, preview: bool) -> list[str]:
    head = f"Loan {loan.loan_number} {'would be' if preview else 'is'} booked."
    pairs = [
        ("id", show_id("ln", loan.loan_id)),
        ("borrower", show_id("pty", loan.borrower_id)),
        ("product", " ".join(map(str, loan.sheet or ()))),
        ("opened on", loan.opened_on),
        ("currency", loan.currency),
        ("instalments", loan.terms.instalments),
        ("per cent a year", loan.terms.rate_pct_year),
    ]
    if loan.limit is not None:
        pairs.append(("limit", major(loan.limit.most_minor, loan.currency)))
    if loan.limit is not None and loan.limit.revolves_until is not None:
        pairs.append(("drawn again until before", loan.limit.revolves_until))
    return [head, *(f"  {line}" for line in lines_of(pairs))]
