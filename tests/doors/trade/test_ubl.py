"""UBL documents: what becomes of them, what is refused and where, and real ones."""

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.conftest import Karez
from karez.doors.files.trade import xml
from karez.doors.files.trade.errors import SchemasMissingError
from karez.doors.files.trade.reading import DocumentFaultError, plain
from karez.doors.files.trade.ubl import Reader, Source
from karez.doors.files.trade.ubl_schemas import Rules, Schemas
from karez.services.evidence import Fact
from karez.services.trade import Invoice

NAMESPACES = (
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
    'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
)
PARTY = "<cac:Party><cac:PartyName><cbc:Name>{}</cbc:Name></cac:PartyName></cac:Party>"


def invoice(*, lines: tuple[str, ...] = ("100.00",), tax: str = "19.00", net: str = "100.00",
            gross: str = "119.00", payable: str = "119.00", more: str = "") -> str:  # fmt: skip
    amount = '<cbc:{0} currencyID="EUR">{1}</cbc:{0}>'.format
    rows = "".join(
        f"<cac:InvoiceLine><cbc:ID>{number}</cbc:ID>"
        f'<cbc:InvoicedQuantity unitCode="KGM">2.50</cbc:InvoicedQuantity>'
        f"{amount('LineExtensionAmount', line)}"
        f"<cac:Item><cbc:Name>flour</cbc:Name></cac:Item></cac:InvoiceLine>"
        for number, line in enumerate(lines, start=1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" {NAMESPACES}>\n'
        "<cbc:ID>A1</cbc:ID><cbc:IssueDate>2026-01-05</cbc:IssueDate>\n"
        "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>\n"
        f"<cac:AccountingSupplierParty>{PARTY.format('Mill')}</cac:AccountingSupplierParty>\n"
        f"<cac:AccountingCustomerParty>{PARTY.format('Baker')}</cac:AccountingCustomerParty>\n"
        f"{more}"
        f"<cac:TaxTotal>{amount('TaxAmount', tax)}</cac:TaxTotal>\n"
        f"<cac:LegalMonetaryTotal>{amount('TaxExclusiveAmount', net)}"
        f"{amount('TaxInclusiveAmount', gross)}{amount('PayableAmount', payable)}"
        f"</cac:LegalMonetaryTotal>\n{rows}</Invoice>\n"
    )


def no_schemas() -> Schemas:
    """As where the extra is not installed: what is held to is what Karez itself asks."""
    schemas = Schemas(None)
    schemas._read = dict.fromkeys(("Invoice", "CreditNote"))
    return schemas


def read(text: str | bytes, schemas: Schemas | None = None) -> Fact:
    octets = text.encode() if isinstance(text, str) else text
    return Reader(schemas or no_schemas()).read(octets)


def fault_of(text: str | bytes) -> tuple[str, int, str]:
    with pytest.raises(DocumentFaultError) as caught:
        read(text)
    return caught.value.error.code, caught.value.line, caught.value.path


def test_invoice__becomes_a_fact():
    fact = read(invoice())
    assert isinstance(fact, Invoice)
    assert (fact.subject, fact.attester, fact.number) == ("name:Mill", "name:Mill", "A1")
    assert (fact.net_minor, fact.tax_minor, fact.total_minor) == (10_000, 1_900, 11_900)
    assert (fact.lines[0].thing.quantity, fact.lines[0].thing.unit) == ("2.5", "KGM")
    assert fact.references[0].relation == "derived-from"
    assert len(fact.references[0].sha256 or "") == 64


def test_invoice__of_another_attester():
    reader = Reader(no_schemas(), source=Source("tax:office", "state"))
    fact = reader.read(invoice().encode())
    assert (fact.attester, fact.control_group) == ("tax:office", "state")


CENTS = st.integers(1, 10**9)


@given(st.lists(CENTS, min_size=1, max_size=6), CENTS, CENTS, st.integers(-3, 3))
def test_sums__hold_exactly_or_are_named(lines: list[int], tax: int, prepaid: int, off: int):
    """Whatever the figures: what adds up is a fact of the same figures, a cent off is refused."""
    text = {
        name: str(Decimal(minor).scaleb(-2))
        for name, minor in {
            "net": sum(lines), "tax": tax, "gross": sum(lines) + tax,
            "payable": sum(lines) + tax + off,
        }.items()
    }  # fmt: skip
    document = invoice(lines=tuple(str(Decimal(line).scaleb(-2)) for line in lines), **text)
    if off:
        code, line, path = fault_of(document)
        assert (code, path) == (
            "document-sum", "/Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount",
        )  # fmt: skip
        assert "PayableAmount" in document.splitlines()[line - 1]
        return
    fact = read(document)
    assert isinstance(fact, Invoice)
    assert [line.net_minor for line in fact.lines] == lines
    assert fact.total_minor == sum(lines) + tax


@pytest.mark.parametrize(
    ("document", "code", "path"),
    [
        (invoice(net="100.01"), "document-sum", "cbc:TaxInclusiveAmount"),
        (invoice(gross="119.01"), "document-sum", "cbc:TaxInclusiveAmount"),
        (invoice(tax="1.9e1"), "document-value", "cbc:TaxAmount"),
        (invoice(tax="NaN"), "document-value", "cbc:TaxAmount"),
        (invoice(tax="19.001"), "amount-too-precise", "cbc:TaxAmount"),
        (invoice(lines=("100.00", "x")), "document-value", "InvoiceLine[2]/cbc:LineExtension"),
        (invoice().replace("2026-01-05", "2026-02-30"), "date-malformed", "cbc:IssueDate"),
        (invoice().replace(">EUR<", ">EURO<"), "currency-unknown", "DocumentCurrencyCode"),
        (invoice().replace('"EUR">119', '"USD">119'), "document-currency", "TaxInclusive"),
        (invoice().replace("<cbc:ID>A1</cbc:ID>", ""), "document-field", "/Invoice"),
        (invoice().replace("Baker", ""), "document-field", "AccountingCustomerParty/cac:Party"),
        (invoice().replace("Invoice-2", "Invoice-3"), "document-kind", "/Invoice"),
        ("<a/>", "document-kind", "/a"),
    ],
)
def test_document__at_fault_is_named_with_its_place(document: str, code: str, path: str):
    found, line, where = fault_of(document)
    assert found == code
    assert path in where
    assert line > 0


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.replace("&a-1;", "&a;") for n in range(9))
    + "]><b>&a8;</b>"
)


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (BOMB.encode(), "xml-entity"),
        (BOMB.encode("utf-16"), "xml-entity"),
        (BOMB.replace("<b>", '<b c="&a8;">').encode(), "xml-entity"),
        (b'<!DOCTYPE b SYSTEM "file:///etc/passwd"><b/>', "xml-entity"),
        (b'<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]><b>&x;</b>', "xml-entity"),
        (b'<!DOCTYPE b [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x">%x;]><b/>', "xml-entity"),
        (b"<a>&unknown;</a>", "xml-entity"),
        (b"<a><b></a>", "xml-malformed"),
        (b"", "xml-malformed"),
        (b"no xml", "xml-malformed"),
        (b"<a>" * 5_000, "xml-malformed"),
        ('<?xml version="1.0" encoding="UTF-8"?><a>Müller</a>'.encode("latin-1"), "xml-encoding"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "xml-encoding"),
    ],
)
def test_xml__that_no_parser_should_trust(octets: bytes, code: str):
    assert fault_of(octets)[0] == code


def test_xml__too_large_is_not_read(karez: Karez):
    with (karez.folder / "big.xml").open("wb") as stream:
        stream.truncate(1 << 30)  # a gigabyte, sparse
    done = karez.json("import", "ubl", "big.xml", code=5)
    assert done["refusals"][0]["error"]["code"] == "document-too-large"


def test_schemas__folder_without_any(tmp_path: Path):
    with pytest.raises(SchemasMissingError):
        Schemas(tmp_path)


@pytest.mark.skipif(find_spec("facturx") is None, reason="the extra documents is not installed")
def test_schema__of_the_extra_is_kept_to():
    schemas = Schemas(None)
    assert read(invoice(), schemas=schemas).subject == "name:Mill"
    assert schemas.unchecked == 0
    document = invoice(more="<cbc:Colour>red</cbc:Colour>\n")
    with pytest.raises(DocumentFaultError) as caught:
        read(document, schemas=schemas)
    assert caught.value.error.code == "document-schema"
    assert "Colour" in document.splitlines()[caught.value.line - 1]
    assert caught.value.path.endswith("/cbc:Colour")


@pytest.mark.skipif(find_spec("saxonche") is None, reason="the extra documents is not installed")
def test_rules__of_en16931_are_kept_to():
    with pytest.raises(DocumentFaultError) as caught:
        Reader(Schemas(None), Rules()).read(invoice().encode())
    assert caught.value.error.code == "document-rule"
    assert "BR-01" in caught.value.error.message
    assert caught.value.path == "/Invoice"


def test_import__refused_documents_are_mended_and_sent_again(karez: Karez):
    folder = karez.folder / "in"
    folder.mkdir()
    (folder / "good.xml").write_text(invoice())
    (folder / "bad.xml").write_text(invoice(payable="118.00").replace("A1", "A2"))
    (folder / "late.xml").write_text(invoice().replace("2026-01-05", "2999-01-01"))
    done = karez.json("import", "ubl", "in", "--rejects", "refused", code=5)
    assert (done["documents"], done["recorded"], done["refused"]) == (3, 1, 2)
    found = {Path(r["file"]).name: (r["field"], r["error"]["code"]) for r in done["refusals"]}
    assert found["bad.xml"] == (
        "/Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount", "document-sum",
    )  # fmt: skip
    assert found["late.xml"] == ("valid_on", "fact-future")
    kept = karez.folder / "refused" / "bad.xml"
    assert "document-sum" in (karez.folder / "refused" / "bad.xml.error.json").read_text()
    kept.write_text(kept.read_text().replace("118.00", "119.00"))
    sent = karez.json("import", "ubl", "refused", code=5)
    assert (sent["recorded"], sent["refused"]) == (1, 1)
    assert karez.json("import", "ubl", "in/good.xml")["there_already"] == 1
    assert karez.json("import", "ubl", "in/good.xml", "--dry-run")["there_already"] == 1
    (karez.folder / "empty").mkdir()
    assert karez.json("import", "ubl", "empty", code=5)["error"]["code"] == "document-empty"


def test_real_documents__of_five_kinds(shared: Callable[[str], Path]):
    documents = shared("documents")
    reader = Reader(Schemas(documents / "ubl21_xsd"))
    kinds, faults = Counter[str](), Counter[str]()
    folders = ("invoice", "creditnote", "order", "despatchadvice", "receiptadvice")
    paths = [
        path for name in folders for path in (documents / "ubl_phax_tests" / name).rglob("*.xml")
    ]
    for path in [*paths, *(documents / "en16931").rglob("ubl/**/*.xml")]:
        try:
            kinds[type(reader.read(path.read_bytes())).__name__] += 1
        except DocumentFaultError as fault:
            faults[fault.error.code] += 1
    assert set(kinds) == {"Invoice", "CreditNote", "Order", "Despatch", "Receipt"}
    assert reader.schemas.unchecked == 0
    # Four whose amounts do not add up, three of them so on purpose; a bare signature; an order
    # in two currencies, and one in none.
    assert faults == {
        "document-sum": 4, "document-kind": 1, "document-currency": 1, "document-field": 1,
    }  # fmt: skip


@pytest.mark.skipif(find_spec("saxonche") is None, reason="the extra documents is not installed")
def test_real_documents__examples_of_the_norm_keep_its_rules(shared: Callable[[str], Path]):
    rules = Rules()
    for path in (shared("documents") / "en16931" / "ubl").rglob("*.xml"):
        assert rules.breaches(xml.parse_xml(path.read_bytes())) == [], path


def test_plain__is_a_decimal_of_a_fact():
    shown = [plain(Decimal(text)) for text in ("2.50", "-0.000", "100", "1E+3", "0")]
    assert shown == ["2.5", "-0", "100", "1000", "0"]
    assert all(re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", each) for each in shown)
