"""Files for the bank and its answers: valid by the schema, exact, and told by the command line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from doors.statements.making import SHARED, as_camt, statement
from doors.test_cli_payment import Branch, branch, paid  # noqa: F401 - a fixture
from karez.doors.files.payouts.pain001 import SPACE, credit_transfers
from karez.doors.files.payouts.pain002 import read_answers
from karez.kernel.errors import KarezError
from karez.kernel.money import currency, parse_amount
from karez.services.payments import BankAnswer, PayoutFile, PayoutKind, SentPayout
from services.payments.tools import OPENED

TEMPLATES = SHARED / "iso20022" / "pain001"
SCHEMA = next(iter(TEMPLATES.rglob("pain.001.001.09.xsd")), TEMPLATES / "missing")
needs_schema = pytest.mark.skipif(not SCHEMA.is_file(), reason="the schemas are not here")
TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=20)
REPORT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<GrpHdr><MsgId>A</MsgId><CreDtTm>2026-01-02T00:00:00Z</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>OUT-1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>
<GrpSts>{whole}</GrpSts></OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>OUT-1</OrgnlPmtInfId><TxInfAndSts>
<OrgnlEndToEndId>OUT-1-1</OrgnlEndToEndId><TxSts>{one}</TxSts>
<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>closed</AddtlInf></StsRsnInf>
</TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"""


@st.composite
def files(draw: st.DrawFn) -> PayoutFile:
    payouts = [
        SentPayout(
            line=line,
            kind=PayoutKind.DISBURSEMENT,
            amount_minor=draw(st.integers(1, 10**12)),
            loan_number=line,
            event_number=1,
            returns=None,
            attempt=1,
            end_to_end=f"OUT-1-{line}",
            name=draw(TEXT),
            account=draw(st.sampled_from(["NL26VAYB8060476890", "62-1-7"])),
            bic=draw(st.sampled_from(["", "VAYBNL2A"])),
            remittance=draw(TEXT),
        )
        for line in range(1, draw(st.integers(2, 5)))
    ]
    return PayoutFile(
        file_number=1,
        account="NL26VAYB8060476890",
        bic=draw(st.sampled_from(["", "VAYBNL2A"])),
        name=draw(TEXT),
        channel="1020",
        currency=draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        execute_on=OPENED,
        sum_minor=sum(each.amount_minor for each in payouts),
        actor="ann",
        recorded_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
        payouts=payouts,
    )


@needs_schema
@given(file=files())
def test_file__is_valid(file: PayoutFile):
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    schema.assertValid(etree.fromstring(credit_transfers(file)))


@given(file=files())
def test_file__is_exact_and_the_same_again(file: PayoutFile):
    octets = credit_transfers(file)
    assert octets == credit_transfers(file)
    root = etree.fromstring(octets)
    unit = currency(file.currency)

    def texts(name: str) -> list[str]:
        return [each.text or "" for each in root.iter(f"{{{SPACE}}}{name}")]

    amounts = [parse_amount(text, unit) for text in texts("InstdAmt")]
    assert amounts == [each.amount_minor for each in file.payouts]
    assert {parse_amount(text, unit) for text in texts("CtrlSum")} == {sum(amounts)}
    assert set(texts("NbOfTxs")) == {str(len(amounts))}
    assert texts("EndToEndId") == [each.end_to_end for each in file.payouts]


def test_answer(tmp_path: Path):
    path = tmp_path / "answer.xml"
    path.write_text(REPORT.format(whole="PART", one="RJCT"))
    refused = [each for each in read_answers(path) if each.is_refused]
    assert refused == [BankAnswer("OUT-1", "OUT-1-1", True, "AC04", "closed")]
    path.write_text(REPORT.format(whole="RJCT", one="RJCT"))
    assert [each.end_to_end for each in read_answers(path) if each.is_refused] == ["OUT-1-1", ""]
    for text, code in (
        (REPORT.replace("pain.002", "pain.003"), "document-kind"),
        (REPORT.replace("OrgnlMsgId", "Other"), "answer-field"),
        (REPORT.replace("OrgnlEndToEndId", "Other"), "answer-field"),
        (REPORT[:-9], "xml-malformed"),
    ):
        path.write_text(text)
        with pytest.raises(KarezError) as error:
            read_answers(path)
        assert error.value.code == code


def test_payouts__from_waiting_to_confirmed(branch: Branch):  # noqa: F811
    assert "0 of 2 can be sent." in branch("payouts")
    assert branch.run("payout-file", "out.xml")[0] == 3
    branch("payee", 1, "--account", "NL56AGDH0001", "--name", "Ann Lee")
    branch("payee", 2, "--account", "NL56AGDH0002", "--name", "Bob Roe")
    assert branch.run("payout-file", "out.xml")[0] == 5
    options = ("--account", "NL26VAYB8060476890")
    preview = branch("payout-file", "out.xml", *options, "--preview")
    assert preview.endswith("2 payouts, 2400.00 EUR: a preview: nothing is kept.\n")
    assert not (branch.folder / "out.xml").exists()
    told = branch.json("payout-file", "out.xml", *options)
    assert (told["message_id"], told["state"]) == ("OUT-1", "sent")
    branch("payout-file", "same.xml", "--again", 1)
    octets = (branch.folder / "out.xml").read_bytes()
    assert octets == (branch.folder / "same.xml").read_bytes()
    branch.write("answer.xml", REPORT.format(whole="PART", one="RJCT"))
    assert branch("payout-answer", "answer.xml") == "OUT-1-1 to Ann Lee waits again.\n"
    assert "AC04: closed" in branch("payouts")
    branch("payout-file", "two.xml", *options)
    ids = ("OUT-1-2", "OUT-2-1")
    made = [paid(-1_200_00, end_to_end=each, remittance="") for each in ids]
    branch.write("jan.xml", as_camt([statement(made)]))
    [taken] = branch.json("import", "jan.xml")["statements"]
    assert [(each["kind"], each["count"]) for each in taken["answers"]] == [("confirm", 2)]
    states = [each["state"] for each in branch.json("payout-files")["files"]]
    assert states == ["confirmed", "confirmed"]
    assert "AC04: closed" in branch("payout-files", 1)
    assert branch.run("payout-void", 1, "--reason", "x")[0] == 4
    assert branch.run("payout-file", "no/out.xml", "--again", 1)[0] == 5
    assert branch.json("verify")["sound"]
