"""The statement of a loan as a document: for programs, and on paper by typst."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import attrs

from karez.doors.files.errors import FileUnwritableError
from karez.kernel.ids import show_id
from karez.kernel.money import currency
from karez.services.reporting import LoanStatement

Form = Literal["pdf", "png"]

_EVENT = ("principal_minor", "interest_minor", "fees_minor", "penalties_minor", "balance_minor")
_LINE = (
    "principal_minor",
    "interest_minor",
    "fees_minor",
    "penalties_minor",
    "paid_minor",
    "outstanding_minor",
)


def statement_document(found: LoanStatement) -> dict[str, Any]:
    """Return a statement for programs; amounts are minor units."""
    loan = found.loan
    return {
        "institution": found.institution,
        "loan": loan.loan_number,
        "loan_id": show_id("ln", loan.loan_id),
        "reference": loan.reference,
        "currency": loan.currency,
        "on": found.on,
        "standing": attrs.asdict(found.standing),
        "events": [attrs.asdict(event) for event in found.events],
        "schedule": [attrs.asdict(line) for line in found.schedule],
    }


def write_statement(found: LoanStatement, path: Path) -> None:
    """Write a statement as PDF; the file stands there once it is complete.

    Raises:
        FileUnwritableError: the file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(b"".join(statement_pages(found, "pdf")))
        part.replace(path)
    except OSError as fault:
        raise FileUnwritableError(file=str(path), reason=fault.strerror or str(fault)) from fault
    finally:
        part.unlink(missing_ok=True)


def statement_pages(found: LoanStatement, form: Form) -> list[bytes]:
    """Return a statement set by typst: one PDF, or a PNG for each page."""
    import typst  # noqa: PLC0415 - it takes a while, and few commands print

    template = files("karez.doors.files").joinpath("loan_statement.typ").read_bytes()
    said = {"statement": json.dumps(_paper(found))}
    made = typst.compile(template, format=form, sys_inputs=said)
    return made if isinstance(made, list) else [made]


def _paper(found: LoanStatement) -> dict[str, Any]:
    loan, now = found.loan, found.standing
    unit = loan.currency
    open_ = now.interest_accrued_minor, now.fees_minor + now.penalties_minor
    facts = [
        ("principal open", f"{unit} {_amount(now.principal_minor, unit)}"),
        ("interest accrued", f"{unit} {_amount(open_[0], unit)}"),
        ("fees and penalties", f"{unit} {_amount(open_[1], unit)}"),
        ("overdue", f"{unit} {_amount(now.overdue_minor, unit)}"),
        ("status", now.status.value),
        ("days past due", str(now.days_past_due(found.on))),
        ("next due", str(now.next_due or "-")),
        ("owed back", f"{unit} {_amount(now.credit_minor, unit)}"),
    ]
    return {
        "institution": found.institution,
        "title": f"Statement of loan {loan.loan_number}",
        "subtitle": f"as of {found.on}, amounts in {unit}",
        "footer": f"Loan {show_id('ln', loan.loan_id)} {loan.reference}".strip(),
        "facts": facts,
        "events": _table(
            ["date", "what", "amount", "principal", "interest", "fees", "penalties", "balance"],
            [
                [str(one.on), one.what.replace("-", " "), _amount(one.amount_minor, unit)]
                + [_amount(getattr(one, name), unit) for name in _EVENT]
                for one in found.events
            ],
            texts=2,
        ),
        "schedule": _table(
            ["nr", "due", "principal", "interest", "fees", "penalties", "paid", "open"],
            [
                [str(line.number), str(line.due)]
                + [_amount(getattr(line, name), unit) for name in _LINE]
                for line in found.schedule
            ],
            texts=2,
        ),
    }


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int) -> dict[str, Any]:
    places = range(len(headings))
    return {
        "headings": headings,
        "rows": rows,
        "widths": [0 if place < texts else 1 for place in places],
        "right": [place >= texts for place in places],
    }


def _amount(amount_minor: int | None, unit: str) -> str:
    if amount_minor is None:
        return ""
    return f"{Decimal(amount_minor).scaleb(-currency(unit).exponent):,}"
