"""Files as blocks of text fields: nothing lost, every fault on its line."""

import io
import json
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from karez.doors.files.errors import (
    ColumnCountError,
    FileEmptyError,
    FileUnreadableError,
    HeaderRepeatedError,
    JsonMalformedError,
    NulCharacterError,
    QuoteError,
    TextEncodingError,
)
from karez.doors.files.jsonl import read_jsonl
from karez.doors.files.parquet import read_parquet
from karez.doors.files.rows import BLOCK_ROWS, Block, Table, as_csv, read_csv

HEADER = ("id", "amount", "memo")
FIELD = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)
ROW = st.lists(FIELD, min_size=3, max_size=3).filter(any)


def csv_of(text: str | bytes, name: str = "f.csv") -> Table:
    return read_csv(io.BytesIO(text.encode() if isinstance(text, str) else text), name)


def jsonl_of(text: str) -> Table:
    return read_jsonl(io.BytesIO(text.encode()), "f.jsonl", lambda keys: tuple(keys) or ("id",))


def whole(table: Table) -> Block:
    block = Block()
    for piece in table.blocks:
        block.extend(piece)
    return block


@given(st.lists(ROW, max_size=8), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]))
def test_csv__reads_what_was_written(rows, separator, ending):
    lines = [as_csv(row, separator) + ending for row in (HEADER, *rows)]
    table = csv_of("".join(lines))
    block = whole(table)
    assert (table.header, table.separator) == (HEADER, separator)
    assert block.rows == rows
    assert not block.faults
    assert block.texts == lines[1:]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 99)), min_size=1, max_size=30))
def test_csv__a_bad_row_costs_no_other(kinds):
    lines = [f'{n},"open' if bad else f"{n},{n}.00,fine" for bad, n in kinds]
    block = whole(csv_of("\n".join([",".join(HEADER), *lines])))
    assert block.lines == list(range(2, len(lines) + 2))
    assert [row[0] for row in block.rows] == [str(n) for _, n in kinds]
    assert set(block.faults) == {row for row, (bad, _) in enumerate(kinds) if bad}


@pytest.mark.parametrize(
    ("row", "field", "error"),
    [
        ("a,1", "", ColumnCountError),
        ("a,1,x,y", "", ColumnCountError),
        ('a,1,"x', "", QuoteError),
        ('a,1,"x"y', "", QuoteError),
        ("a,1,x\x00y", "memo", NulCharacterError),
        (b"a,1,caf\xe9", "memo", TextEncodingError),
        (b"\xff,1,x", "id", TextEncodingError),
    ],
)
def test_csv__names_what_is_wrong_with_a_row(row, field, error):
    octets = row if isinstance(row, bytes) else row.encode()
    text = b'id,amount,memo\nok,1.00,"two\nlines"\n' + octets + b"\nok2,1.00,fine\n"
    table = csv_of(text)
    block = whole(table)
    assert [(block.lines[r], f.field, type(f.error)) for r, f in block.faults.items()] == [
        (4, field, error)
    ]
    assert [row[0] for row in block.rows][::2] == ["ok", "ok2"]


def test_csv__counts_lines_as_an_editor_does():
    text = 'id,amount,memo\r\n\r\na,1,"x\r\ny"\r\n\r\nb,1\r\nc,1,z\r\n'
    block = whole(csv_of(text))
    assert block.lines == [3, 6, 7]
    assert list(block.faults) == [1]


def test_csv__takes_a_byte_order_mark_and_no_last_line_end():
    table = csv_of("\ufeffid,amount,memo\na,1,x")
    assert table.header == HEADER
    assert whole(table).rows == [["a", "1", "x"]]


@pytest.mark.parametrize("text", ["", "\n", "  \n"])
def test_csv__empty(text):
    with pytest.raises(FileEmptyError, match=r"f\.csv"):
        csv_of(text)


def test_csv__header_alone():
    assert not len(whole(csv_of("id,amount,memo\n")))


@pytest.mark.parametrize(
    ("text", "error"),
    [("id,amount,id\n", HeaderRepeatedError), (b"id,am\xffount\n", TextEncodingError)],
)
def test_csv__header_that_cannot_be_read(text, error):
    with pytest.raises(error):
        csv_of(text)


def test_csv__comes_in_blocks():
    lines = [f"{n},1.00,x" for n in range(BLOCK_ROWS + 5)]
    table = csv_of("\n".join([",".join(HEADER), *lines]))
    assert [len(block) for block in table.blocks] == [BLOCK_ROWS, 5]


def test_jsonl__keeps_the_digits_of_numbers():
    text = '{"id": 7, "amount": 1.10, "memo": null}\n\n{"id": "b", "amount": NaN}\r\n'
    block = whole(jsonl_of(text))
    assert block.rows == [["7", "1.10", ""], ["b", "NaN", ""]]
    assert block.lines == [1, 3]
    assert not block.faults


@pytest.mark.parametrize(
    ("line", "field", "error"),
    [
        ('{"id": "b", ', "", JsonMalformedError),
        ("[1]", "", JsonMalformedError),
        ('{"id": "b", "id": "c"}', "", JsonMalformedError),
        ('{"id": true}', "id", JsonMalformedError),
        ('{"id": "b", "nonsense": "1"}', "nonsense", JsonMalformedError),
        ('{"id": "b\\u0000"}', "id", NulCharacterError),
        ('{"id": "\\ud800"}', "id", TextEncodingError),
    ],
)
def test_jsonl__names_what_is_wrong_with_a_line(line, field, error):
    table = jsonl_of(f'{{"id": "a"}}\n{line}\n{{"id": "z"}}\n')
    block = whole(table)
    assert [(block.lines[r], f.field, type(f.error)) for r, f in block.faults.items()] == [
        (2, field, error)
    ]


def test_jsonl__key_that_is_no_text():
    with pytest.raises(TextEncodingError):
        jsonl_of('{"reference.\\udc00": "x"}')


def test_jsonl__empty():
    with pytest.raises(FileEmptyError):
        jsonl_of("")


def parquet_of(table: pa.Table) -> Table:
    stream = io.BytesIO()
    parquet.write_table(table, stream)
    stream.seek(0)
    return read_parquet(stream, "f.parquet")


def test_parquet__reads_exact_types_as_text():
    table = pa.table(
        {
            "id": pa.array(["a", None]).dictionary_encode(),
            "amount": pa.array([Decimal("1.10"), Decimal("0.00")], pa.decimal128(9, 2)),
            "valid_on": pa.array([0, 20_000], pa.date32()),
            "count": [7, None],
        }
    )
    block = whole(parquet_of(table))
    assert block.rows == [["a", "1.10", "1970-01-01", "7"], ["", "0.00", "2024-10-04", ""]]
    assert block.lines == [1, 2]


@pytest.mark.parametrize("values", [[1.5], [b"x"], [[1]]])
def test_parquet__refuses_inexact_types(values):
    with pytest.raises(FileUnreadableError, match="column amount has type"):
        parquet_of(pa.table({"amount": values}))


def test_parquet__refuses_another_format():
    with pytest.raises(FileUnreadableError):
        read_parquet(io.BytesIO(json.dumps({}).encode()), "f.parquet")
