"""camt.053 and camt.054: what others wrote, what we wrote, and what is broken."""

from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from doors.statements.making import SHARED, as_camt, content, entry, statement, statements
from karez.doors.files.statements.reading import read_statements

SAMPLES = SHARED / "camt_genkgo" / "test" / "data"
SCHEMAS = SHARED / "iso20022" / "camt053" / "xsd"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
needs_schemas = pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the schemas are not here")
# What the samples of another author come to: most are invented figures that do not add up.
ANSWERS = {
    "camt053.v2.multi.statement.xml": "",
    "camt053.v2.all-balance-types.xml": "statement-sum",
    "camt053.v2.five.decimals.xml": "statement-sum",
    "camt053.v2.minimal.ultimate.xml": "statement-currency",
    "camt053.v2.minimal.xml": "statement-currency",
    "camt053.v2.with-account-name.xml": "statement-currency",
    "camt053.v2.with-party-ids.xml": "statement-currency",
    "camt053.v2.wrong.xml": "statement-field",
    "camt053.v3.xml": "statement-currency",
    "camt053.v4.xml": "statement-currency",
    "camt053.v8.xml": "statement-currency",
    "camt054.v2.xml": "",
    "camt054.v2.with-account-name.xml": "statement-field",
    "camt054.v4.xml": "",
    "camt054.v8.xml": "",
    "camt054.v8-with-UETR.xml": "statement-field",
    "camt054.v8-with-financial-institution.xml": "statement-field",
    "camt53.only-Dt-with-DtTm.xml": "statement-field",
}


def read(tmp_path: Path, text: str | bytes):
    path = tmp_path / "statement.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_statements(path)


def codes(reading) -> list[str]:
    assert not (reading.refusals and reading.statements), "of a file at fault nothing is taken"
    return [refusal.error.code for refusal in reading.refusals]


@needs_samples
def test_samples__all_are_known():
    found = {path.name for path in SAMPLES.glob("*.xml") if "camt052" not in path.name}
    assert found == set(ANSWERS)


@needs_samples
@pytest.mark.parametrize("name", ANSWERS)
def test_samples__are_read_or_refused_for_what_is_wrong(name: str):
    reading = read_statements(SAMPLES / name)
    assert codes(reading)[:1] == ([ANSWERS[name]] if ANSWERS[name] else [])
    assert all(refusal.line and refusal.file.endswith(name) for refusal in reading.refusals)


@needs_samples
def test_samples__fields():
    first, second = read_statements(SAMPLES / "camt053.v2.multi.statement.xml").statements
    assert (first.account, first.number, first.opening.amount_minor) == (
        "NL26VAYB8060476890", "12312", 1_815,
    )  # fmt: skip
    (out,) = second.entries
    assert (out.amount_minor, out.end_to_end, out.name, out.account) == (
        -700, "000000002", "Company Name 2", "NL56AGDH9619008421",
    )  # fmt: skip
    (batch,) = read_statements(SAMPLES / "camt054.v8.xml").statements[0].entries
    assert (batch.amount_minor, batch.payments, batch.end_to_end) == (-20_000_000, 3, "")


@needs_samples
def test_samples__interim_reports_are_no_statements():
    assert codes(read_statements(SAMPLES / "camt052.v8.xml")) == ["document-kind"]


@needs_schemas
@pytest.mark.parametrize("version", ["08", "10", "13"])
def test_ours__are_valid(version: str):
    made = statement(
        [
            entry(5_00, name="Ann", account="X1", creditor_reference="RF18539007547034"),
            entry(-7, is_reversal=True, end_to_end="E", mandate="M", bank_reference="B"),
        ]
    )
    schema = etree.XMLSchema(etree.parse(SCHEMAS / f"camt.053.001.{version}.xsd"))
    schema.assertValid(etree.fromstring(as_camt([made], f"camt.053.001.{version}").encode()))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(statements(), min_size=1, max_size=3))
def test_round_trip(tmp_path: Path, made):
    reading = read(tmp_path, as_camt(made))
    assert not reading.refusals
    assert [content(each) for each in reading.statements] == made


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(made=statements(), data=st.data())
def test_half_a_file__nothing_is_taken(tmp_path: Path, made, data):
    whole = as_camt([made, made]).strip().encode()
    cut = data.draw(st.integers(1, len(whole) - 1))
    reading = read(tmp_path, whole[:cut])
    codes_of_half = {"statement-truncated", "statement-format", "document-kind"}
    assert codes(reading)[0] in codes_of_half


def test_half_a_file__at_any_octet_of_its_declaration(tmp_path: Path):
    whole = as_camt([statement([])]).strip().encode()
    for cut in range(1, whole.index(b"?>") + 2):
        assert codes(read(tmp_path, whole[:cut])) == ["statement-truncated"], whole[:cut]


def test_versions__differ_in_where_things_stand(tmp_path: Path):
    made = statement([entry(5_00, name="Ann", account="X1")])
    older = as_camt([made], "camt.053.001.02")
    older = (
        older.replace("<Pty>", "")
        .replace("</Pty>", "")
        .replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>")
    )
    assert content(read(tmp_path, older).statements[0]) == made
    for space in ("camt.053.001.01", "camt.053.001.15", "pain.001.001.09"):
        assert codes(read(tmp_path, as_camt([made], space))) == ["document-kind"]


BROKEN = [
    (
        "<CdtDbtInd>CRDT</CdtDbtInd><RvslInd>",
        "<CdtDbtInd>X</CdtDbtInd><RvslInd>",
        "statement-value",
    ),
    ('<Amt Ccy="EUR">5.00', '<Amt Ccy="EUR">5.001', "amount-too-precise"),
    ('<Amt Ccy="EUR">5.00', '<Amt Ccy="EUR">-5.00', "amount-malformed"),
    ('<Amt Ccy="EUR">5.00', '<Amt Ccy="EUR">5e3', "amount-malformed"),
    ('<Amt Ccy="EUR">5.00', f'<Amt Ccy="EUR">{"9" * 60}', "amount-out-of-range"),
    ('<Ntry><Amt Ccy="EUR">', '<Ntry><Amt Ccy="USD">', "statement-currency"),
    ("<BookgDt><Dt>2026-01-31", "<BookgDt><Dt>2026-02-30", "statement-value"),
    ("<BookgDt><Dt>2026-01-31", "<BookgDt><Dt>1926-01-31", "statement-value"),
    ("<Ccy>EUR</Ccy>", "<Ccy>ZZZ</Ccy>", "currency-unknown"),
    ("<IBAN>NL26VAYB8060476890</IBAN>", "", "statement-field"),
    ("<Cd>CLBD</Cd>", "<Cd>CLAV</Cd>", "statement-field"),
    ("<Cd>OPBD</Cd>", "<Cd>OPAV</Cd>", "statement-field"),
    ("</Stmt>", "</Stm>", "xml-malformed"),
    ("<BkToCstmrStmt>", "<BkToCstmrStmt>&x;", "xml-entity"),
    ("Ann", "\xff\xfe", "xml-encoding"),
]


@pytest.mark.parametrize(("old", "new", "code"), BROKEN)
def test_broken__is_named_with_its_place(tmp_path: Path, old: str, new: str, code: str):
    text = as_camt([statement([entry(5_00, name="Ann")])])
    assert old in text
    reading = read(tmp_path, text.replace(old, new, 1).encode("latin-1"))
    assert codes(reading)[0] == code
    assert all(refusal.line for refusal in reading.refusals)


def test_entities__open_nothing(tmp_path: Path):
    text = as_camt([statement([])]).replace(
        "<Document", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Document', 1
    )
    assert codes(read(tmp_path, text)) == ["xml-entity"]


def test_several_faults__are_told_at_once(tmp_path: Path):
    made = statement([entry(5_00), entry(6_00), entry(7_00)])
    text = as_camt([made]).replace(">5.00<", ">x<").replace(">7.00<", ">y<")
    assert codes(read(tmp_path, text)) == ["amount-malformed"] * 2


def test_sum__is_held(tmp_path: Path):
    made = statement([entry(5_00)], 100)
    reading = read(tmp_path, as_camt([attrs.evolve(made, entries=[])]))
    assert codes(reading) == ["statement-sum"]
    assert "1.00 EUR and entries 0.00 EUR make 1.00 EUR" in reading.refusals[0].error.message


def test_pending__comes_again_when_it_is_booked(tmp_path: Path):
    made = statement([entry(5_00)])
    text = as_camt([made]).replace(
        "<Ntry>", '<Ntry><Amt Ccy="EUR">9</Amt><Sts>PDNG</Sts></Ntry><Ntry>'
    )
    assert content(read(tmp_path, text).statements[0]) == made


def batch(*parts: str) -> str:
    text = as_camt([statement([entry(5_00, bank_reference="B1")])])
    details = "".join(
        f"<TxDtls><Refs><EndToEndId>{place}</EndToEndId></Refs>{part}</TxDtls>"
        for place, part in enumerate(parts)
    )
    start, _, rest = text.partition("<TxDtls>")
    return start + details + rest.partition("</TxDtls>")[2]


def test_batch__is_told_apart_where_the_amounts_are_there(tmp_path: Path):
    whole = batch(
        '<Amt Ccy="EUR">2</Amt>', '<AmtDtls><TxAmt><Amt Ccy="EUR">3</Amt></TxAmt></AmtDtls>'
    )
    first, second = read(tmp_path, whole).statements[0].entries
    assert (first.amount_minor, first.end_to_end, first.group, first.part) == (200, "0", 0, 0)
    assert (second.amount_minor, second.end_to_end, second.group, second.part) == (300, "1", 0, 1)
    for untold in (
        batch("", ""),
        batch('<Amt Ccy="EUR">2</Amt>', '<Amt Ccy="EUR">2</Amt>'),
        batch('<Amt Ccy="EUR">2</Amt>', '<Amt Ccy="USD">3</Amt>'),
    ):
        (one,) = read(tmp_path, untold).statements[0].entries
        assert (one.amount_minor, one.end_to_end, one.payments) == (500, "", 2)


def test_returns__are_marked(tmp_path: Path):
    made = statement([entry(-5_00, end_to_end="E")])
    text = as_camt([made]).replace(
        "</TxDtls>", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>"
    )
    (one,) = read(tmp_path, text).statements[0].entries
    assert (one.is_reversal, one.code) == (True, "AC04")
