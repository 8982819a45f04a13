"""Bank statements: camt.053 read and matched, beside lxml alone; and taken into the books."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from lxml import etree

from benchmarks.bed import Bed, tell
from benchmarks.report import Bar, Figure, Section, Spread
from karez.doors.files.statements.reading import read_statements
from karez.engines.servicing.events import Disbursement
from karez.engines.servicing.terms import Terms
from karez.kernel.database import find_institution
from karez.services.bookkeeping import Books
from karez.services.lending import Booking, Command, book_loans, open_chart, record
from karez.services.payments import (
    BankStatement,
    Clerk,
    creditor_reference,
    payment_reference,
    take_statement,
)
from karez.services.payments.matching import LoanFacts, Register, match

ENTRIES, TAKEN, ROUNDS = 100_000, 5_000, 3
DAY = date(2026, 1, 5)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>\n'
    "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-01-05T18:00:00Z</CreDtTm></GrpHdr>\n"
    "<Stmt><Id>S1</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2026-01-05T18:00:00Z</CreDtTm>\n"
    "<Acct><Id><IBAN>NL26VAYB8060476890</IBAN></Id><Ccy>EUR</Ccy></Acct>\n"
)
BALANCE = (
    '<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>'
    "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-05</Dt></Dt></Bal>\n"
)
ENTRY = """\
<Ntry>
  <Amt Ccy="EUR">{amount}</Amt>
  <CdtDbtInd>CRDT</CdtDbtInd>
  <Sts><Cd>BOOK</Cd></Sts>
  <BookgDt><Dt>2026-01-05</Dt></BookgDt>
  <ValDt><Dt>2026-01-05</Dt></ValDt>
  <AcctSvcrRef>B{number:09}</AcctSvcrRef>
  <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
  <NtryDtls><TxDtls>
    <Refs><EndToEndId>E{number:09}</EndToEndId></Refs>
    <RltdPties>
      <Dbtr><Pty><Nm>Payer {number}</Nm><PstlAdr><Ctry>NL</Ctry></PstlAdr></Pty></Dbtr>
      <DbtrAcct><Id><IBAN>NL56AGDH{number:010}</IBAN></Id></DbtrAcct>
    </RltdPties>
    <RltdAgts><DbtrAgt><FinInstnId><BICFI>AGDHNL2A</BICFI></FinInstnId></DbtrAgt></RltdAgts>
    <RmtInf>{told}</RmtInf>
  </TxDtls></NtryDtls>
</Ntry>
"""
STRUCTURED = "<Strd><CdtrRefInf><Ref>{}</Ref></CdtrRefInf></Strd>"
FREE = "<Ustrd>Thank you {}</Ustrd>"


def run(bed: Bed, rounds: int | None) -> Section:
    """Read and match a long statement, and take a shorter one into the books."""
    section = Section(f"Bank statements: camt.053 of {ENTRIES:,} payments, on one processor")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "statement.xml"
        write(path, ENTRIES)
        tell("statements: reading")
        measure(section, path, rounds or ROUNDS)
        write(path, TAKEN)
        tell("statements: taking")
        take(section, bed, path)
    tell("")
    return section


def write(path: Path, entries: int) -> None:
    """Write a statement: half the payments with a structured reference, a quarter in the text."""
    total = sum(1_000 + number % 7 for number in range(1, entries + 1))
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEAD)
        for kind, minor in (("OPBD", 0), ("CLBD", total)):
            stream.write(BALANCE.format(kind=kind, amount=major(minor)))
        for number in range(1, entries + 1):
            told = (
                STRUCTURED.format(creditor_reference(number)),
                FREE.format(payment_reference(number)),
                STRUCTURED.format(creditor_reference(number)),
                FREE.format("and goodbye"),
            )[number % 4]
            amount = major(1_000 + number % 7)
            stream.write(ENTRY.format(amount=amount, number=number, told=told))
        stream.write("</Stmt></BkToCstmrStmt></Document>\n")


def major(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def measure(section: Section, path: Path, rounds: int) -> None:
    borrower = UUID(int=1)
    facts = {
        number: LoanFacts(number, borrower, "EUR", takes_payments=True, due_minor=0)
        for number in range(1, ENTRIES + 1)
    }
    register = Register(facts)
    alone, read, matched, both = ([] for _ in range(4))
    for _ in range(rounds):
        alone.append(rate(lambda: etree.parse(path)))
        statements: list[BankStatement] = []
        read.append(rate(lambda found=statements: found.extend(read_statements(path).statements)))
        [statement] = statements
        found: list[int | None] = []
        matched.append(
            rate(
                lambda to=found, of=statement: to.extend(
                    match(entry, "EUR", register).loan for entry in of.entries
                )
            )
        )
        assert sum(loan is not None for loan in found) == ENTRIES * 3 // 4
        both.append(1 / (1 / read[-1] + 1 / matched[-1]))
    for name, rates in (
        ("parsed by lxml alone, the whole document", alone),
        ("read: typed payments, sums held", read),
        ("matched: three quarters have a loan", matched),
        ("read and matched", both),
    ):
        section.figures.append(Figure(name, "payments a CPU second", Spread.of(rates), 0))
    ratios = [ours / theirs for ours, theirs in zip(both, alone, strict=True)]
    section.figures.append(Figure("read and matched", "of lxml alone", Spread.of(ratios)))
    seconds = Spread.of([ENTRIES / each for each in both])
    promise = "a statement of 100,000 payments: CPU seconds"
    section.bars.append(Bar(promise, 10, seconds, at_most=True))


def rate(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return ENTRIES / (time.process_time() - begun)


def take(section: Section, bed: Bed, path: Path) -> None:
    """Take a statement of payments on as many loans; every one is posted and durable."""
    [statement] = read_statements(path).statements
    with bed.database("statements", like="karez").connect() as connection:
        books = Books(connection, find_institution(connection, "main"), may_write=True)
        open_chart(books, "EUR")
        terms = Terms(rate_pct_year=Decimal(12), instalments=12)
        bookings = [
            Booking(terms=terms, currency="EUR", borrower_id=UUID(int=number), opened_on=DAY)
            for number in range(1, TAKEN + 1)
        ]
        loans = book_loans(books, bookings)
        event = Disbursement(number=0, on=DAY, posted_on=DAY, amount_minor=100_000)
        record(
            books, [Command(loan=loan.loan_id, event=event, actor="b") for loan in loans], on=DAY
        )
        begun = time.process_time()
        taken = take_statement(books, statement, Clerk("bench", DAY), file=path.name)
        seconds = time.process_time() - begun
        assert sum(line.count for line in taken.answers.values()) == TAKEN
        begun = time.process_time()
        again = take_statement(books, statement, Clerk("bench", DAY), file=path.name)
        once_more = time.process_time() - begun
        assert again.already
    bed.drop("statements")
    # Of Python alone: nearly all of it is the folds of the loans.
    for name, value in (
        (f"taken: {TAKEN:,} payments on as many loans, posted", TAKEN / seconds),
        ("sent again: found to be taken", TAKEN / once_more),
    ):
        unit = "payments a CPU second"
        section.figures.append(Figure(name, unit, Spread.of([value]), 0))
