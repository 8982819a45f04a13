"""What the tests of applications make: a product, parties, facts, consents and a score."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import attrs
import numpy as np

from karez.books.facts.parts import Line, Thing
from karez.books.facts.parts import Party as Named
from karez.books.facts.schemas import Despatch, Invoice, Order, Receipt
from karez.books.rights.claim import Consent, Mode, Period
from karez.engines.score import Feature, Model, Recipe, Table, fit
from karez.services.bookkeeping import Books
from karez.services.consent import grant
from karez.services.evidence import Batch, add_facts
from karez.services.origination import (
    Application,
    Command,
    Desk,
    Score,
    Submission,
    submit,
)
from karez.services.parties import Kind, Party, record_parties
from karez.services.products import publish

DAY = date(2026, 6, 30)
MILL, SHOP, ANN, GROUP = "tin:100", "tin:200", "nin:1", "group:1"

SHEET = """
code = "working-capital"
name = "Working capital"
purpose = "firms that sell on credit"
currency = "EUR"
amount = { least = 100, most = 50_000, step = 10 }
rate = { least_pct_year = 4, most_pct_year = 40 }
instalments = { least = 1, most = 24 }
schedule = { repay = "equal-instalments", year = "365" }
pricing = { kind = "by-risk", funding_pct_year = 3, capital_pct = 10, hurdle_pct_year = 12, \
fixed_cost = 10, margin_pct_year = 1, step_pct = 0.1 }
provisioning = { pd_pct = 5, lgd_pct = 50 }
fees = [{ name = "Opening", amount = 5 }]
"""
DECISION = """
[decision]
automatic_most = 5_000
automatic_pd_most_pct = 30
committees = [
  { name = "branch", most = 20_000, votes = 2 },
  { name = "head office", most = 50_000, votes = 3 },
]
"""


def sheet(*more: str, decision: str = DECISION) -> str:
    """The text of a product; ``more`` are further keys and tables."""
    keys = [each for each in more if "\n[" not in f"\n{each}"]
    tables = [each for each in more if each not in keys]
    return "\n".join([SHEET, *keys, decision, *tables])


def found(desk: Desk, *more: str, **rest: str) -> None:
    """Publish the product and record the parties."""
    publish(desk.books, sheet(*more, **rest), name="sheet.toml", actor="test")
    known = [
        Party(Kind.FIRM, "Old Mill Ltd", (MILL,), segment="food", place="county:7"),
        Party(Kind.FIRM, "Corner Shop", (SHOP,), segment="trade"),
        Party(Kind.PERSON, "Lee", (ANN,), given="Ann"),
        Party(Kind.GROUP, "Five Wells", (GROUP,)),
    ]
    assert not [done.error for done in record_parties(desk.books, known) if done.error]


def consent(books: Books, receiver: str, grantor: str = MILL, **changes: object) -> UUID:
    """Let the institution read the facts of a party."""
    given = Consent(
        grantor=grantor, receiver=receiver, purposes=("underwriting",), scopes=("TRANSACTIONS",),
        series=("facts",), modes=(Mode.VIEW,), starts_at=datetime(2020, 1, 1, tzinfo=UTC),
        ends_at=datetime(2090, 1, 1, tzinfo=UTC), range_from=date(2024, 1, 1),
        range_to=date(2027, 1, 1), data_life_days=30, uses_most=1000, uses_period=Period.DAY,
    )  # fmt: skip
    done = grant(books, attrs.evolve(given, **changes))
    assert done.right is not None
    return done.right.right_id


def invoice(number: str, total_minor: int = 100_000, **changes: object) -> Invoice:
    """An invoice of the mill to the shop."""
    fields = {
        "subject": MILL, "valid_on": DAY - timedelta(days=20), "number": number,
        "seller": Named(party_id=MILL), "buyer": Named(party_id=SHOP), "currency": "EUR",
        "total_minor": total_minor,
    } | changes  # fmt: skip
    return Invoice(**fields)


def trade(desk: Desk, months: int = 13, total_minor: int = 300_000) -> None:
    """Sales of a mill to two customers, month by month, and what it bought."""
    facts: list[Invoice] = []
    for month in range(months):
        on = DAY - timedelta(days=30 * month + 5)
        facts += [
            invoice(f"S{month}{who[-3:]}", total_minor, valid_on=on, buyer=Named(party_id=who))
            for who in (SHOP, "tin:300")
        ]
        facts.append(
            invoice(f"P{month}", total_minor, valid_on=on, seller=Named(party_id="tin:400"),
                    buyer=Named(party_id=MILL))
        )  # fmt: skip
    add(desk, *facts)


def papers(desk: Desk, number: str, total_minor: int = 100_000, **changes: object) -> None:
    """An invoice with the order, the despatch and the receipt behind it."""
    lines = (Line(thing=Thing(thing_id="flour", quantity="10"), net_minor=total_minor),)
    order, sent = f"O-{number}", f"D-{number}"
    common = {"subject": MILL, "valid_on": DAY - timedelta(days=21), "lines": lines}
    mill, shop = Named(party_id=MILL), Named(party_id=SHOP)
    add(
        desk,
        Order(**common, number=order, seller=mill, buyer=shop, currency="EUR",
              total_minor=total_minor),
        Despatch(**common, number=sent, sender=mill, receiver=shop, order_number=order),
        Receipt(**common, number=f"R-{number}", receiver=shop, sender=mill, order_number=order,
                despatch_number=sent),
        invoice(number, total_minor, order_number=order, lines=lines, **changes),
    )  # fmt: skip


def add(desk: Desk, *facts: object) -> None:
    """Record facts."""
    assert not add_facts(desk.evidence, Batch(list(facts))).refused


def model() -> Model:
    """A score fitted to sixty made-up firms: more sales, fewer defaults; trade is riskier."""
    rows = np.arange(60)
    sales = 5 + (rows % 6) / 2
    segment = ["food" if row % 2 else "trade" for row in rows.tolist()]
    bad = ((rows % 10 == 0) | ((rows % 6 == 0) & (rows % 4 == 0))).astype(float)
    recipe = Recipe(
        [Feature("sales_year_log10", direction=-1, words="sales of the year"),
         Feature("segment", kind="segment", words="segment")]
    )  # fmt: skip
    table = Table([str(row) for row in rows], {"sales_year_log10": sales}, {"segment": segment})
    return fit(table, bad, recipe)


SCORE = Score.of(model())


def submission(**changes: object) -> Submission:
    """The mill asks for 4,000.00 in twelve instalments."""
    asked = Submission(
        on=DAY, actor="olga", officer="olga", product="working-capital", borrower=MILL,
        amount_minor=400_000, instalments=12, purpose="flour",
    )  # fmt: skip
    return attrs.evolve(asked, **changes)


def submitted(desk: Desk, **changes: object) -> Application:
    """An application that was submitted."""
    [done] = submit(desk, [submission(**changes)])
    return done.one()


def step(application: Application, kind: type[Command] = Command, /, **rest: object) -> Command:
    """A command for an application."""
    return kind(
        **{"application_id": application.application_id, "on": DAY, "actor": "olga", **rest}
    )
