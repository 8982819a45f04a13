"""The lender's bank, as far as a demonstration needs one: it books transfers, and sends statements.

What it says is written to files (camt.053), and read from there as any other bank's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import attrs

from karez.doors.files.payouts.pain001 import credit_transfers
from karez.doors.files.statements.reading import read_statements
from karez.kernel.errors import ensure
from karez.kernel.money import Currency, format_amount
from karez.services import payments
from karez.services.bookkeeping import Books
from karez.services.payments import BANK, Clerk, PayoutFile

ACCOUNT = "62-2000-17"
_SPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


@attrs.frozen
class Booking:
    """What the bank books: positive came in. Who it was, and what was written on it."""

    amount_minor: int
    name: str
    text: str = ""
    end_to_end: str = ""
    account: str = ""


@attrs.define
class Bank:
    """The account of a lender at its bank, one statement for each day on which anything moves."""

    books: Books
    currency: Currency
    folder: Path
    taken: dict[str, int] = attrs.field(factory=dict[str, int])
    """The closing balances of the statements that the lender has taken, by number."""
    balance_minor: int = 0

    @classmethod
    def of(cls, books: Books, currency: Currency, folder: Path) -> Bank:
        """Return the bank as it stands: what the lender took already is not sent again."""
        folder.mkdir(exist_ok=True)
        kept = [each for each in payments.list_statements(books) if each.account == ACCOUNT]
        taken = {each.number: each.closing_minor or 0 for each in kept}
        return cls(books, currency, folder, taken, taken[max(taken)] if taken else 0)

    def receive(self, file: PayoutFile) -> None:
        """Take a file of payouts; what the lender has sent, it finds in its own books again."""
        path = self.folder / f"payouts-{file.file_number}.xml"
        path.write_bytes(credit_transfers(file))

    def has_told(self, day: date) -> bool:
        """Say whether the statement of a day was taken."""
        return f"{day:%Y%m%d}" in self.taken

    def tell(self, day: date, booked: Sequence[Booking]) -> None:
        """Send the statement of a day, and let the lender take it."""
        number = f"{day:%Y%m%d}"
        if not booked or number in self.taken:
            return
        path = self.folder / f"{day}.xml"
        path.write_text(self._statement(number, day, booked), "utf-8")
        reading = read_statements(path, None)
        ensure(not reading.refusals, f"{path}: {reading.refusals}")
        [statement] = reading.statements
        clerk = Clerk("demo", day)
        payments.take_statement(self.books, statement, clerk, file=path.name, channel=BANK)
        self.balance_minor += sum(each.amount_minor for each in booked)
        self.taken[number] = self.balance_minor

    def _statement(self, number: str, day: date, booked: Sequence[Booking]) -> str:
        opening = self.balance_minor
        closing = opening + sum(each.amount_minor for each in booked)
        balances = "".join(
            f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{self._amount(amount_minor)}"
            f"<Dt><Dt>{day}</Dt></Dt></Bal>"
            for kind, amount_minor in (("OPBD", opening), ("CLBD", closing))
        )
        entries = "\n".join(
            self._entry(f"{number}-{line}", day, each) for line, each in enumerate(booked, 1)
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<Document xmlns="{_SPACE}"><BkToCstmrStmt><GrpHdr><MsgId>{number}</MsgId>'
            f"<CreDtTm>{day}T23:00:00Z</CreDtTm></GrpHdr><Stmt><Id>{number}</Id>"
            f"<Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>{self.currency.code}</Ccy></Acct>"
            f"{balances}\n{entries}\n</Stmt></BkToCstmrStmt></Document>\n"
        )

    def _amount(self, amount_minor: int) -> str:
        text = format_amount(abs(amount_minor), self.currency)
        side = "CRDT" if amount_minor >= 0 else "DBIT"
        return f'<Amt Ccy="{self.currency.code}">{text}</Amt><CdtDbtInd>{side}</CdtDbtInd>'

    def _entry(self, reference: str, day: date, each: Booking) -> str:
        party = "Dbtr" if each.amount_minor > 0 else "Cdtr"
        refs = f"<Refs><EndToEndId>{each.end_to_end}</EndToEndId></Refs>" if each.end_to_end else ""
        number = escape(each.account)
        at = f"<{party}Acct><Id><Othr><Id>{number}</Id></Othr></Id></{party}Acct>" if number else ""
        text = f"<RmtInf><Ustrd>{escape(each.text)}</Ustrd></RmtInf>" if each.text else ""
        return (
            f"<Ntry>{self._amount(each.amount_minor)}<Sts><Cd>BOOK</Cd></Sts>"
            f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
            f"<AcctSvcrRef>{reference}</AcctSvcrRef><BkTxCd><Prtry><Cd>TRF</Cd></Prtry></BkTxCd>"
            f"<NtryDtls><TxDtls>{refs}<RltdPties><{party}><Pty><Nm>{escape(each.name)}</Nm></Pty>"
            f"</{party}>{at}</RltdPties>{text}</TxDtls></NtryDtls></Ntry>"
        )
