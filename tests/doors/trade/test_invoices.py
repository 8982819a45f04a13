"""Tables of invoices: what a mapping means, what is refused, and the real set."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.conftest import Karez
from karez.doors.files.rows import read_csv
from karez.doors.files.trade.errors import (
    ColumnsMissingError,
    ColumnUnmappedError,
    MappingMalformedError,
    MappingUnknownError,
)
from karez.doors.files.trade.invoices import InvoiceChunk, read_invoices
from karez.doors.files.trade.mapping import InvoiceMapping
from karez.doors.files.trade.sheets import open_table
from karez.services.trade import Intake

HEADER = "number,valid_on,seller,buyer,net,tax,total,currency,status"
GOOD = "A1,2026-01-05,100,200,100.00,19.00,119.00,EUR,issued"


def chunks_of(text: str, mapping: str = "plain") -> list[InvoiceChunk]:
    table = read_csv(io.BytesIO(text.encode()), "f.csv")
    return list(read_invoices(table, InvoiceMapping.load(mapping), Intake(), {}))


def faults_of(*rows: str) -> list[tuple[int, str, str]]:
    (chunk,) = chunks_of("\n".join([HEADER, *rows, ""]))
    return [
        (chunk.block.lines[row], fault.field, fault.error.code)
        for row, fault in sorted(chunk.block.faults.items())
    ]


def test_row__becomes_an_invoice():
    (chunk,) = chunks_of(f"{HEADER}\n{GOOD}\n")
    (invoice,) = chunk.invoices
    assert (invoice.subject, invoice.seller.party_id, invoice.buyer.party_id) == (
        "id:100", "id:100", "id:200",
    )  # fmt: skip
    assert (invoice.net_minor, invoice.tax_minor, invoice.total_minor) == (10_000, 1_900, 11_900)
    assert (invoice.valid_on, invoice.currency, invoice.status) == (
        date(2026, 1, 5), "EUR", "issued",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (GOOD.replace("2026-01-05", "5.1.2026"), "valid_on", "date-form"),
        (GOOD.replace("2026-01-05", "2026-02-30"), "valid_on", "date-form"),
        (GOOD.replace("2026-01-05", ""), "valid_on", "field-missing"),
        (GOOD.replace("119.00", "1,19"), "", "column-count"),
        (GOOD.replace("119.00", "119.001"), "total", "amount-too-precise"),
        (GOOD.replace("119.00", "1e2"), "total", "amount-malformed"),
        (GOOD.replace("119.00", "9" * 17), "total", "amount-out-of-range"),
        (GOOD.replace("119.00", ""), "total", "field-missing"),
        (GOOD.replace("EUR", "EURO"), "currency", "currency-unknown"),
        (GOOD.replace("EUR", ""), "currency", "field-missing"),
        (GOOD.replace("issued", "maybe"), "status", "status-unknown"),
        (GOOD.replace(",100,", ",,"), "seller", "field-missing"),
        (GOOD.replace("A1", ""), "number", "field-missing"),
        (GOOD.replace("A1", '"A1'), "", "quote-broken"),
        (GOOD.replace("A1", "A\x001"), "number", "nul-character"),
    ],
)
def test_row__at_fault_is_named_and_takes_no_other_with_it(row: str, field: str, code: str):
    assert faults_of(GOOD, row, GOOD.replace("A1", "A3")) == [(3, field, code)]


def test_columns__are_all_known_or_named():
    with pytest.raises(ColumnUnmappedError, match="'colour'"):
        chunks_of(f"{HEADER},colour\n")
    with pytest.raises(ColumnsMissingError, match="no column for total"):
        chunks_of("number,valid_on,seller,buyer,currency\n")
    with pytest.raises(ColumnsMissingError, match="no column for buyer"):
        chunks_of("number,valid_on,seller,total,currency\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("colums = {}", "colums is no setting"),
        ('[columns]\nx = "nummer"', "'nummer'"),
        ('[status]\nbad = ["x"]', "'bad'"),
        ('currency = "XYZ1"', "XYZ1"),
        ('encoding = "utf-99"', "utf-99"),
        ("dates = 3", "dates is 3"),
        ('amounts = "thousands"', "thousands"),
        ("= nothing", "Invalid"),
    ],
)
def test_mapping__malformed(text: str, reason: str):
    with pytest.raises(MappingMalformedError, match=reason):
        InvoiceMapping.parse(text.encode(), "m.toml")


def test_mapping__unknown_names_those_there_are():
    with pytest.raises(MappingUnknownError, match="cn-vat-firms, firm-lists, plain"):
        InvoiceMapping.load("nowhere")


def test_mapping__marks_groups_dates_units():
    mapping = InvoiceMapping.parse(
        b'currency = "EUR"\ndates = ["%d.%m.%Y"]\ndecimal_mark = ","\ngroup_mark = " "\n'
        b'[columns]\nNr = "number"\nTag = "valid_on"\nVon = "seller"\nAn = "buyer"\n'
        b'Summe = "total"\nNotiz = "ignore"\n',
        "m.toml",
    )
    text = "Nr;Tag;Von;An;Summe;Notiz\n7;31.12.2025;a;b;1 234,5;x\n8;31.12.2025;a;b;1.5;x\n"
    table = read_csv(io.BytesIO(text.encode()), "f.csv")
    (chunk,) = read_invoices(table, mapping, Intake(), {})
    assert [each.total_minor for each in chunk.invoices] == [123_450]
    assert chunk.invoices[0].valid_on == date(2025, 12, 31)
    assert chunk.block.faults[1].error.details["text"] == "1.5"


AMOUNTS = st.integers(-(10**13), 10**13)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, st.booleans()), min_size=1, max_size=30))
def test_amounts__come_through_csv_and_parquet_to_the_cent(rows: list[tuple[int, int, bool]]):
    """Also out of binary fractions, in which spreadsheets and data frames keep money."""
    texts = [
        [str(Decimal(net).scaleb(-2)), str(Decimal(tax).scaleb(-2)),
         str(Decimal(net + tax).scaleb(-2))]
        for net, tax, _ in rows
    ]  # fmt: skip
    statuses = ["void" if void else "issued" for *_, void in rows]
    names = ("net", "tax", "total")
    columns: dict[str, Any] = {
        name: [float(row[place]) for row in texts] for place, name in enumerate(names)
    }
    columns |= {
        "number": list(range(len(rows))), "valid_on": [date(2026, 1, 5)] * len(rows),
        "seller": ["s"] * len(rows), "buyer": ["b"] * len(rows),
        "currency": ["EUR"] * len(rows), "status": statuses,
    }  # fmt: skip
    lines = [
        f"{number},2026-01-05,s,b,{','.join(row)},EUR,{status}"
        for number, (row, status) in enumerate(zip(texts, statuses, strict=True))
    ]
    by_text = chunks_of("\n".join([HEADER, *lines, ""]))[0].invoices
    assert [each.net_minor for each in by_text] == [net for net, *_ in rows]
    assert [each.status == "void" for each in by_text] == [void for *_, void in rows]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "f.parquet"
        pq.write_table(pa.table(columns), path)
        assert read_file(path)[0].invoices == by_text


def read_file(path: Path, mapping: str = "plain") -> list[InvoiceChunk]:
    found = InvoiceMapping.load(mapping)
    with open_table(path, found.encoding) as table:
        return list(read_invoices(table, found, Intake(), {}))


def test_formats__say_the_same(tmp_path: Path):
    expected = chunks_of(f"{HEADER}\n{GOOD}\n")[0].invoices
    sheet = openpyxl.Workbook()
    sheet.active.append(HEADER.split(","))
    sheet.active.append(["A1", date(2026, 1, 5), 100, 200, 100, 19.0, 119.0, "EUR", "issued"])
    sheet.active.append([None] * 9)
    sheet.save(tmp_path / "f.xlsx")
    assert read_file(tmp_path / "f.xlsx")[0].invoices == expected
    text = f"{HEADER}\r\n{GOOD}\r\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / "f.csv").write_bytes(text.encode(encoding))
        assert read_file(tmp_path / "f.csv")[0].invoices == expected


def test_formats__an_encoding_of_the_mapping(tmp_path: Path):
    mapping = tmp_path / "m.toml"
    shipped = resources.files("karez.doors.files.trade") / "mappings" / "cn-vat-firms.toml"
    mapping.write_text('encoding = "gb18030"\n' + shipped.read_text(encoding="utf-8"), "utf-8")
    text = (
        "企业代号,发票号码,开票日期,购方单位代号,金额,税额,价税合计,发票状态\n"
        "E1,7,2017/8/4,B1,1,0.17,1.17, 作废发票\n"
    )
    (tmp_path / "f.csv").write_bytes(text.encode("gb18030"))
    (invoice,) = read_file(tmp_path / "f.csv", str(mapping))[0].invoices
    assert (invoice.subject, invoice.buyer.party_id) == ("cn-firm:E1", "cn-firm:B1")
    assert (invoice.status, invoice.total_minor, invoice.valid_on) == (
        "void", 117, date(2017, 8, 4),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["f.parquet", "f.xlsx"])
def test_formats__that_the_name_promises_and_the_file_breaks(karez: Karez, name: str):
    karez.write(name, "nothing of the kind")
    done = karez.json("import", "invoices", name, "--mapping", "plain", code=5)
    assert done["error"]["code"] == "file-unreadable"


def test_text__in_another_encoding_is_refused_by_row(karez: Karez):
    path = karez.folder / "f.csv"
    path.write_bytes(f"{HEADER}\n{GOOD}\n{GOOD.replace('200', 'Müller')}\n".encode("latin-1"))
    done = karez.json("import", "invoices", path, "--mapping", "plain", code=5)
    assert (done["recorded"], done["refused"]) == (1, 1)
    assert done["refusals"][0]["error"]["code"] == "text-encoding"


def test_import__twice_mended_and_sent_again(karez: Karez):
    late = (datetime.now(UTC).date() + timedelta(days=3)).isoformat()
    karez.write(
        "f.csv", HEADER, GOOD, GOOD, GOOD.replace("issued", "void"),
        GOOD.replace("A1", "A2").replace("119.00", "119.01"),
        GOOD.replace("A1", "A3").replace("2026-01-05", late),
        "A4,2026-01-05,100,200,-1.00,-0.19,-1.19,EUR,issued",
    )  # fmt: skip
    command = ("import", "invoices", "f.csv", "--mapping", "plain")
    looked = karez.json(*command, "--dry-run", code=5)
    assert (looked["recorded"], looked["refused"]) == (4, 2)
    done = karez.json(*command, "--rejects", "refused", code=5)
    expected = {
        "documents": 6, "recorded": 4, "there_already": 0, "refused": 2, "void": 1, "negative": 1,
        "negative_and_void": 0, "repeated_numbers": 2, "repeated_word_for_word": 1,
    }  # fmt: skip
    assert {name: done[name] for name in expected} == expected
    assert [(r["line"], r["field"], r["error"]["code"]) for r in done["refusals"]] == [
        (5, "total", "fact-sum"),
        (6, "valid_on", "fact-future"),
    ]
    again = karez.json(*command, code=5)
    assert (again["recorded"], again["there_already"]) == (0, 4)
    refused = karez.folder / "refused" / "f.csv"
    rows = list(csv.DictReader(refused.read_text("utf-8-sig").splitlines()))
    assert [row["error.code"] for row in rows] == ["fact-sum", "fact-future"]
    mended = refused.read_text("utf-8-sig").replace("119.01", "119.00").replace(late, "2026-01-09")
    refused.write_text(mended, "utf-8-sig")
    sent = karez.json("import", "invoices", refused, "--mapping", "plain")
    assert (sent["recorded"], sent["refused"]) == (2, 0)
    assert karez.json("facts", "verify")["sound"]


def test_import__says_who_attests_it(karez: Karez):
    karez.write("f.csv", HEADER, GOOD)
    karez("import", "invoices", "f.csv", "--mapping", "plain", "--attester", "tax:office",
         "--control-group", "state")  # fmt: skip
    fact = karez.json("facts", "show", 0)["fact"]
    assert (fact["attester"], fact["control_group"], fact["channel"]) == (
        "tax:office", "state", "file",
    )  # fmt: skip


def test_real_invoices__counted_as_another_count_counts_them(shared: Callable[[str], Path]):
    """All 1,099,441 rows are read; pyarrow's own grouping counts what is odd among them."""
    mapping, intake, numbers = InvoiceMapping.load("cn-vat-firms"), Intake(), {}
    files = sorted(shared("sme_invoices").glob("*.parquet"))
    rows = faults = void = negative = again = same = 0
    for file in files:
        with open_table(file, mapping.encoding) as table:
            for chunk in read_invoices(table, mapping, intake, numbers):
                rows += len(chunk.invoices)
                faults += len(chunk.block.faults)
        found = pq.read_table(file)
        status = pc.utf8_trim_whitespace(found["发票状态"])
        void += pc.sum(pc.equal(status, "作废发票")).as_py()
        negative += pc.sum(pc.less(found["价税合计"], 0)).as_py()
        again += found.num_rows - found.group_by(["企业代号", "发票号码"]).aggregate([]).num_rows
        trimmed = found.set_column(7, "发票状态", status)
        same += found.num_rows - trimmed.group_by(trimmed.column_names).aggregate([]).num_rows
    assert (rows, faults) == (1_099_441, 0)
    assert intake.noted["void"] == void
    assert intake.noted["negative"] == negative
    assert intake.noted["repeated_numbers"] == again
    assert intake.noted["repeated_word_for_word"] == same


def test_real_invoices__a_part_is_recorded_once(karez: Karez, shared: Callable[[str], Path]):
    source = pq.ParquetFile(shared("sme_invoices") / "purchases_rated.parquet")
    part = next(source.iter_batches(12_000))
    pq.write_table(pa.Table.from_batches([part]), karez.folder / "part.parquet")
    command = ("import", "invoices", "part.parquet", "--mapping", "cn-vat-firms")
    first = karez.json(*command, code=5)
    assert (first["documents"], first["recorded"], first["refused"]) == (12_000, 11_999, 1)
    assert first["refusals"][0]["row"] == 10_999
    again = karez.json(*command, code=5)
    assert (again["recorded"], again["there_already"]) == (0, 11_999)
