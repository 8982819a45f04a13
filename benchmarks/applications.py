"""Applications from the request to the booked loan, step by step, many in a call.

``python -m benchmarks.applications --count 2000`` does so in a database of its own and prints. Each
borrower has a year of invoices and a consent; a small score is fitted before.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.bed import Bed, open_bed, tell
from benchmarks.report import Figure, Section, Spread
from karez.books.facts.parts import Party as Named
from karez.books.facts.schemas import Invoice
from karez.books.rights.claim import Consent, Mode, Period
from karez.books.rights.event import Event, Grant
from karez.books.rights.record import record
from karez.engines.score import Feature, Model, Recipe, Table, fit
from karez.kernel.database import find_institution
from karez.kernel.ids import new_id
from karez.services import origination as use
from karez.services.evidence import Batch, Evidence, KeyFolder, add_facts
from karez.services.lending import open_chart
from karez.services.origination import Command, Desk, Outcome, Score, Submission
from karez.services.parties import Kind, Party, record_parties
from karez.services.products import publish

COUNT, INVOICES = 1_000, 13
DAY = date(2026, 6, 30)
SHEET = """
code = "benchmark"
name = "Benchmark"
purpose = "measuring"
currency = "EUR"
amount = { least = 100, most = 50_000 }
rate = { least_pct_year = 4, most_pct_year = 40 }
instalments = { least = 1, most = 24 }
schedule = { repay = "equal-instalments", year = "365" }
pricing = { kind = "by-risk", funding_pct_year = 3, margin_pct_year = 1 }
provisioning = { pd_pct = 5, lgd_pct = 50 }
limits = { income_pct = 90, borrower = 50_000 }
decision = { automatic_most = 50_000, automatic_pd_most_pct = 100 }
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.applications", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT)
    with open_bed() as bed:
        print(measure(bed, parser.parse_args().count).show())


def run(bed: Bed, rounds: int | None) -> Section:
    """Take applications from the request to the booked loan."""
    del rounds  # each step is taken once
    return measure(bed, COUNT)


def measure(bed: Bed, count: int) -> Section:
    """Take so many applications through every step, and say what each costs."""
    section = Section(f"Applications, {count:,} in a call, {INVOICES} invoices each")
    database = bed.database("applications", like="karez")
    with database.connect() as connection, tempfile.TemporaryDirectory() as home:
        institution = find_institution(connection, "main")
        keys = KeyFolder.of(Path(home), institution.code)
        desk = Desk(Evidence(connection, institution, keys))
        backend = psutil.Process(connection.info.backend_pid)
        found(desk, count)
        walk(section, desk, count, backend)
    bed.drop("applications")
    return section


def found(desk: Desk, count: int) -> None:
    """Open the books, publish a product, record borrowers with facts and consents."""
    tell(f"applications: {count:,} borrowers")
    open_chart(desk.books, "EUR")
    publish(desk.books, SHEET, name="benchmark.toml", actor="benchmark")
    record_parties(
        desk.books, [Party(Kind.FIRM, f"Firm {row}", (f"tin:{row}",)) for row in range(count)]
    )
    facts = [
        Invoice(
            subject=f"tin:{row}", valid_on=DAY - timedelta(days=30 * month + 3), currency="EUR",
            number=f"{row}-{month}", seller=Named(party_id=f"tin:{row}"), total_minor=300_000,
            buyer=Named(party_id=f"tin:b{month % 3}"),
        )
        for row in range(count)
        for month in range(INVOICES)
    ]  # fmt: skip
    for start in range(0, len(facts), 10_000):
        add_facts(desk.evidence, Batch(facts[start : start + 10_000]))
    consents = [Event(new_id(), Grant(consent(desk, f"tin:{row}"))) for row in range(count)]
    with desk.evidence.transaction() as connection:
        record(connection, consents)


def consent(desk: Desk, grantor: str) -> Consent:
    return Consent(
        grantor=grantor, receiver=desk.name, purposes=("underwriting",),
        scopes=("TRANSACTIONS",), series=("facts",), modes=(Mode.VIEW,),
        starts_at=datetime(2020, 1, 1, tzinfo=UTC), ends_at=datetime(2090, 1, 1, tzinfo=UTC),
        range_from=date(2025, 1, 1), range_to=DAY, data_life_days=30, uses_most=9,
        uses_period=Period.DAY,
    )  # fmt: skip


def a_score() -> Model:
    rows = np.arange(60)
    table = Table([str(row) for row in rows], {"sales_year_log10": 5 + (rows % 6) / 2})
    bad = (rows % 10 == 0).astype(float)
    return fit(table, bad, Recipe([Feature("sales_year_log10", direction=-1)]))


def walk(section: Section, desk: Desk, count: int, backend: psutil.Process) -> None:
    """Take every step of all applications, each in one call."""
    asked = [
        Submission(
            on=DAY, actor="olga", product="benchmark", borrower=f"tin:{row}",
            amount_minor=400_000, instalments=12,
        )
        for row in range(count)
    ]  # fmt: skip
    scored = Score.of(a_score())

    def each(kind: type[Command] = Command, **rest: Any) -> list[Any]:
        return [
            kind(application_id=one.application_id, on=DAY, actor="boss", **rest) for one in asked
        ]

    steps: list[tuple[str, Callable[[], Sequence[Outcome]]]] = [
        ("submit", lambda: use.submit(desk, asked)),
        ("gather facts under consent", lambda: use.gather(desk, each())),
        ("trust", lambda: use.trust(desk, each())),
        ("score", lambda: use.score(desk, each(), scored)),
        ("price", lambda: use.price(desk, each())),
        ("decide, with a fact", lambda: use.decide(desk, each(use.Choice))),
        ("offer", lambda: use.offer(desk, each(use.Proposal))),
        ("accept", lambda: use.accept(desk, each(use.Acceptance))),
        ("book and pay out", lambda: use.book(desk, each(use.Payout))),
    ]
    for name, take in steps:
        tell(f"applications: {name}")
        theirs, ours = cpu(backend), time.process_time()
        outcomes = take()
        ours, theirs = time.process_time() - ours, cpu(backend) - theirs
        for outcome in outcomes:
            outcome.one()
        for where, spent in (("Python", ours), ("server", theirs)):
            figure = Figure(f"{name}, {where}", "us each", Spread.of([spent / count * 1e6]), 0)
            section.figures.append(figure)
    tell("")


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    main()
