"""Tiny writers of statements, and statements drawn at random: what is written must be read back."""

import string
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import attrs
from hypothesis import strategies as st

from karez.kernel.money import currency, format_amount
from karez.services.payments.statement import Balance, BankStatement, StatementEntry

DAY = date(2026, 1, 31)
EUR = currency("EUR")
SHARED = Path(__file__).parents[4] / "shared" / "data" / "documents"
WORDS = st.text(string.ascii_letters + string.digits + " ", max_size=20).map(
    lambda text: " ".join(text.split())
)
# Begun so that it is none of the words by which banks say that there is nothing.
NAMES = st.text(string.ascii_uppercase + string.digits, max_size=12).map(
    lambda text: text and f"Q{text}"
)


def entry(amount_minor: int, **changes) -> StatementEntry:
    """Return an entry of a day, as a file's first."""
    plain = {"line": 0, "group": 0, "booked_on": DAY, "valid_on": DAY}
    return StatementEntry(amount_minor=amount_minor, **(plain | changes))


def statement(
    entries: Sequence[StatementEntry], opening_minor: int = 0, **changes
) -> BankStatement:
    """Return a statement that adds up; each entry is a group of its own unless it says so."""
    numbered = [attrs.evolve(each, group=each.group or place) for place, each in enumerate(entries)]
    closing_minor = opening_minor + sum(each.amount_minor for each in entries)
    plain = {
        "line": 0,
        "account": "NL26VAYB8060476890",
        "number": "1",
        "currency": EUR,
        "opening": Balance(DAY, opening_minor),
        "closing": Balance(DAY, closing_minor),
        "entries": numbered,
    }
    return BankStatement(**(plain | changes))


@st.composite
def statements(draw: st.DrawFn) -> BankStatement:
    """Draw a statement whose entries hold what every format can say."""
    days = st.integers(0, 20).map(lambda days: DAY + timedelta(days))
    made = draw(
        st.lists(
            st.builds(
                entry,
                st.integers(-(10**9), 10**9).filter(bool),
                booked_on=days,
                valid_on=days,
                is_reversal=st.booleans(),
                bank_reference=NAMES,
                end_to_end=NAMES,
                mandate=NAMES,
                remittance=WORDS,
                name=WORDS,
                account=NAMES,
            ),
            max_size=6,
        )
    )
    return statement(made, draw(st.integers(-(10**9), 10**9)))


def content(read: BankStatement) -> BankStatement:
    """Return a statement without what a file adds: its lines and codes."""
    entries = [attrs.evolve(each, line=0, code="") for each in read.entries]
    return attrs.evolve(read, line=0, entries=entries)


def as_camt(made: Sequence[BankStatement], space: str = "camt.053.001.08") -> str:
    """Return statements as a document of camt.053 from version .08 on, valid by its schema."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{space}"><BkToCstmrStmt>',
        "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-01-31T18:00:00Z</CreDtTm></GrpHdr>",
    ]
    for each in made:
        lines += [
            f"<Stmt><Id>S{each.number}</Id><ElctrncSeqNb>{each.number}</ElctrncSeqNb>",
            "<CreDtTm>2026-01-31T18:00:00Z</CreDtTm>",
            f"<Acct><Id><IBAN>{each.account}</IBAN></Id><Ccy>{each.currency.code}</Ccy></Acct>",
        ]
        for kind, balance in (("OPBD", each.opening), ("CLBD", each.closing)):
            if balance is not None:
                amount = _amount(balance.amount_minor, each)
                lines.append(
                    f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{amount}"
                    f"<Dt><Dt>{balance.on}</Dt></Dt></Bal>"
                )
        lines += [_camt_entry(entry, each) for entry in each.entries]
        lines.append("</Stmt>")
    return "\n".join([*lines, "</BkToCstmrStmt></Document>", ""])


def _amount(amount_minor: int, made: BankStatement) -> str:
    text = format_amount(abs(amount_minor), made.currency)
    side = "CRDT" if amount_minor >= 0 else "DBIT"
    return f'<Amt Ccy="{made.currency.code}">{text}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _tag(name: str, text: str) -> str:
    return f"<{name}>{text}</{name}>" if text else ""


def _camt_entry(each: StatementEntry, made: BankStatement) -> str:
    party = "Dbtr" if each.amount_minor > 0 else "Cdtr"
    account = each.account and f"<Id><Othr><Id>{each.account}</Id></Othr></Id>"
    parties = _tag(party, _tag("Pty", _tag("Nm", each.name))) + _tag(f"{party}Acct", account)
    references = _tag("EndToEndId", each.end_to_end) + _tag("MndtId", each.mandate)
    reference = _tag("CdtrRefInf", _tag("Ref", each.creditor_reference))
    remittance = _tag("Ustrd", each.remittance) + _tag("Strd", reference)
    reversal = _tag("RvslInd", str(each.is_reversal).lower())
    return (
        f"<Ntry>{_amount(each.amount_minor, made)}{reversal}"
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{each.booked_on}</Dt></BookgDt>"
        f"<ValDt><DtTm>{each.valid_on}T12:00:00+02:00</DtTm></ValDt>"
        f"{_tag('AcctSvcrRef', each.bank_reference)}<BkTxCd><Prtry><Cd>1</Cd></Prtry></BkTxCd>"
        f"<NtryDtls><TxDtls>{_tag('Refs', references)}{_tag('RltdPties', parties)}"
        f"{_tag('RmtInf', remittance)}</TxDtls></NtryDtls></Ntry>"
    )


def as_mt940(made: Sequence[BankStatement]) -> str:
    """Return statements as MT940 with the subfields of German banks."""
    lines: list[str] = []
    for each in made:
        lines += [":20:REF", f":25:{each.account}", f":28C:{each.number}/1"]
        lines.append(f":60F:{_mt940_balance(each.opening, each)}")
        for entry in each.entries:
            mark = "C" if (entry.amount_minor > 0) != entry.is_reversal else "D"
            mark = f"R{mark}" if entry.is_reversal else mark
            amount = _comma(entry.amount_minor, each)
            reference = f"//{entry.bank_reference}" if entry.bank_reference else ""
            lines.append(
                f":61:{entry.valid_on:%y%m%d}{entry.booked_on:%m%d}{mark}{amount}NTRFNONREF{reference}"
            )
            words = [
                f"{word}+{text}"
                for word, text in (
                    ("EREF", entry.end_to_end),
                    ("MREF", entry.mandate),
                    ("SVWZ", entry.remittance),
                )
                if text
            ]
            said = "".join(f"?2{place}{text}" for place, text in enumerate(words))
            lines.append(f":86:166?00TEXT{said}?31{entry.account}?32{entry.name}")
        lines += [f":62F:{_mt940_balance(each.closing, each)}", "-"]
    return "\r\n".join([*lines, ""])


def _comma(amount_minor: int, made: BankStatement) -> str:
    return format_amount(abs(amount_minor), made.currency).replace(".", ",")


def _mt940_balance(balance: Balance | None, made: BankStatement) -> str:
    assert balance is not None
    side = "C" if balance.amount_minor >= 0 else "D"
    code = made.currency.code
    return f"{side}{balance.on:%y%m%d}{code}{_comma(balance.amount_minor, made)}"


def as_table(made: Sequence[BankStatement]) -> str:
    """Return statements as a table of the mapping ``plain``."""
    header = (
        "account,statement,booked_on,valid_on,amount,currency,balance,bank_reference,end_to_end,"
        "mandate,creditor_reference,remittance,name,payer_account,code"
    )
    lines = [header]
    for each in made:
        balance_minor = each.opening.amount_minor if each.opening else 0
        for entry in each.entries:
            balance_minor += entry.amount_minor
            amounts = [format_amount(minor, EUR) for minor in (entry.amount_minor, balance_minor)]
            lines.append(
                f"{each.account},{each.number},{entry.booked_on},{entry.valid_on},{amounts[0]},EUR,"
                f"{amounts[1]},{entry.bank_reference},{entry.end_to_end},{entry.mandate},"
                f"{entry.creditor_reference},{entry.remittance},{entry.name},{entry.account},"
            )
    return "\n".join([*lines, ""])
