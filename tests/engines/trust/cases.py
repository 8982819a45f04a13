"""Evidence for tests: a sale with all its papers, to be changed."""

import numpy as np

from karez.engines.trust import Evidence, Kind
from karez.engines.trust import evidence as ev
from karez.engines.trust.evidence import NONE, Paper

SELLER, BUYER, CARRIER, OTHER = range(4)
DAY = 20_000


def advance(*, kind=Kind.GOODS, lender=0, party=SELLER, buyer=BUYER, officer=NONE, on=DAY,
            until=DAY + 60, amount=10_000):  # fmt: skip
    return (kind, lender, party, buyer, officer, on, until, amount)


def table(kind, rows):
    return np.array(rows, kind)


def parties(count=4, staff=()):
    return table(ev.PARTY, [(party in staff, 0) for party in range(count)])


def keys(count=4, indirect=()):
    return table(ev.KEY, [(party, party not in indirect) for party in range(count)])


# Day before the advance, place, key and content of each paper of a good sale.
PAPERS = {
    Paper.ORDER: (-9, 1, NONE, 10),
    Paper.DESPATCH: (-6, 1, SELLER, 11),
    Paper.CARRIAGE: (-6, NONE, CARRIER, 12),
    Paper.RECEIPT: (-4, 1, BUYER, 13),
    Paper.INVOICE: (-3, NONE, NONE, 14),
}


def sale(number=0, on=DAY, **changes):
    """Return the documents of an advance; a change names a paper, None leaves it out."""
    rows = []
    for paper, usual in PAPERS.items():
        found = changes.get(paper.name.lower(), usual)
        if found is not None:
            day, place, key, content = found
            rows.append((number, paper, on + day, place, key, content))
    return rows


def lines(documents, milli=1000, amount=10_000, **changes):
    """Return one line for each document but the carriage; a change names a paper."""
    return [
        (row, 0, *changes.get(Paper(document[1]).name.lower(), (milli, amount)))
        for row, document in enumerate(documents)
        if document[1] != Paper.CARRIAGE
    ]


def goods(documents=None, *, advances=None, line_changes=None, **tables):
    """Return the evidence of one good sale, or of what is given."""
    papers = sale() if documents is None else documents
    return Evidence(
        advances=table(ev.ADVANCE, advances or [advance()]),
        parties=tables.pop("parties", parties()),
        keys=tables.pop("keys", keys()),
        documents=table(ev.DOCUMENT, papers),
        lines=table(ev.LINE, lines(papers, **(line_changes or {}))),
        **tables,
    )
