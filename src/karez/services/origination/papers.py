"""The papers of a trade, from facts into the evidence that the engine of trust takes.

A paper without lines is one line of the whole: a quantity of one and the total. An order is an
invoice's by its number, a despatch by the order's, a receipt by the order's or the despatch's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal

import attrs
import numpy as np

from karez.books.facts.canonical import canonical
from karez.books.facts.parts import Line
from karez.books.facts.schemas import Despatch, Fact, Invoice, Order, Receipt
from karez.engines.trust import Evidence, Invoices, Kind, fingerprints
from karez.engines.trust import evidence as records
from karez.engines.trust.evidence import FOREVER, NONE, Paper

_EPOCH = date(1970, 1, 1)
_WHOLE = "the whole"


@attrs.frozen
class Asked:
    """An invoice that money is asked against on a day, where it stands in the log, and its name."""

    index: int
    invoice: Invoice
    on: date
    name: str


def print_key(institution: str) -> bytes:
    """Return the key of this institution's fingerprints of invoices.

    It keeps the prints of one institution apart from those of another; within its own books, where
    the invoices themselves are, it hides nothing.
    """
    return hashlib.sha256(f"karez invoices {institution}".encode()).digest()


def prints_of(institution: str, invoices: Sequence[Invoice]) -> list[tuple[str, str, str]]:
    """Return the fingerprints F1, F2 and F3 of invoices, in hexadecimal."""
    found = fingerprints(print_key(institution), _columns(invoices))
    columns = (found.exact, found.renumbered, found.redated)
    return [tuple(token.hex() for token in tokens) for tokens in zip(*columns, strict=True)]  # pyright: ignore[reportReturnType]


def evidence_of(
    institution: str, asked: Sequence[Asked], papers: Sequence[tuple[int, Fact]]
) -> Evidence:
    """Return what is known of the sales behind these invoices; a row an invoice, in order."""
    codes: dict[str, dict[str, int]] = {"parties": {}, "items": {}, "contents": {}, "places": {}}

    def code(table: str, value: str) -> int:
        return NONE if not value else codes[table].setdefault(value, len(codes[table]))

    advances = np.array(
        [
            (
                Kind.GOODS, 0, code("parties", _who(each.invoice, "seller")),
                code("parties", _who(each.invoice, "buyer")), NONE, _day(each.on), FOREVER,
                max(each.invoice.total_minor, 0),
            )
            for each in asked
        ],
        records.ADVANCE,
    )  # fmt: skip
    documents: list[tuple[int, ...]] = []
    contents: list[str] = []
    lines: list[tuple[int, int, int, int]] = []
    for row, each in enumerate(asked):
        for paper, fact in [(Paper.INVOICE, each.invoice), *_behind(each.invoice, papers)]:
            content = _digest(fact)
            contents.append(content)
            place = fact.place.place_id if fact.place else ""
            documents.append(
                (row, paper, _day(fact.valid_on), code("places", place), NONE,
                 code("contents", content))
            )  # fmt: skip
            lines += [
                (len(documents) - 1, code("items", item), quantity, amount)
                for item, quantity, amount in _lines(fact, paper)
            ]
    parties = np.array([(False, 0)] * len(codes["parties"]), records.PARTY)
    return Evidence(
        advances=advances,
        parties=parties,
        documents=np.array(documents, records.DOCUMENT),
        lines=np.array(lines, records.LINE),
        prints=fingerprints(print_key(institution), _columns([each.invoice for each in asked])),
        labels={
            "advances": [each.name for each in asked],
            "parties": list(codes["parties"]),
            "items": list(codes["items"]),
        },
        digests={
            "advances": [_digest(each.invoice) for each in asked],
            "documents": contents,
        },
    )


def _digest(fact: Fact) -> str:
    return hashlib.sha256(canonical(fact)).hexdigest()


def _behind(
    invoice: Invoice, papers: Sequence[tuple[int, Fact]]
) -> Iterator[tuple[Paper, Order | Despatch | Receipt]]:
    """Give the papers that belong to an invoice."""
    order = invoice.order_number
    sent: set[str] = set()
    for _, fact in papers if order else ():
        if isinstance(fact, Order) and fact.number == order:
            yield Paper.ORDER, fact
        elif isinstance(fact, Despatch) and fact.order_number == order:
            sent.add(fact.number)
            yield Paper.DESPATCH, fact
    for _, fact in papers:
        if isinstance(fact, Receipt) and (
            (order and fact.order_number == order) or fact.despatch_number in sent
        ):
            yield Paper.RECEIPT, fact


def _lines(
    fact: Invoice | Order | Despatch | Receipt, paper: Paper
) -> Iterator[tuple[str, int, int]]:
    """Give item, quantity in thousandths and amount of each line."""
    total = fact.total_minor if isinstance(fact, Invoice | Order) else 0
    if not fact.lines:
        yield _WHOLE, 1000, total
    for line in fact.lines:
        quantity: Callable[[Line], str | None] = lambda one: (  # noqa: E731
            one.accepted if paper is Paper.RECEIPT and one.accepted else one.thing.quantity
        )
        milli = int(Decimal(quantity(line) or "1") * 1000)
        yield line.thing.thing_id or line.thing.description or _WHOLE, milli, line.net_minor or 0


def _columns(invoices: Sequence[Invoice]) -> Invoices:
    lines = [
        [
            (line.thing.thing_id or line.thing.description,
             int(Decimal(line.thing.quantity or "1") * 1000), line.net_minor or 0)
            for line in each.lines
        ]
        for each in invoices
    ]  # fmt: skip
    return Invoices(
        seller_tax_id=[_who(each, "seller") for each in invoices],
        buyer_tax_id=[_who(each, "buyer") for each in invoices],
        number=[each.number for each in invoices],
        issued_on=[each.valid_on.isoformat() for each in invoices],
        currency=[each.currency for each in invoices],
        total_minor=[each.total_minor for each in invoices],
        line_ends=np.cumsum([len(each) for each in lines]).tolist(),
        lines=[line for each in lines for line in each],
    )


def _who(invoice: Invoice, role: str) -> str:
    party = getattr(invoice, role)
    return party.party_id or f"name:{party.name}"


def _day(day: date) -> int:
    return (day - _EPOCH).days
