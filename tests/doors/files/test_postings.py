"""From rows to transfers: what is read, what is refused, and how lines of a journal are paired."""

import io
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.books.money.wire import date_of
from karez.doors.files.errors import (
    FileEmptyError,
    HeaderIncompleteError,
    HeaderUnknownError,
    IdsAlreadyError,
)
from karez.doors.files.journal import pair_entry
from karez.doors.files.postings import Chunk, Naming, read_postings
from karez.doors.files.refusals import RefusalFile, find_refusals
from karez.doors.files.rows import BLOCK_ROWS, Format, Table, as_csv
from karez.doors.files.shapes import Shape, check_header
from karez.doors.files.tables import read_table
from karez.kernel.ids import show_id
from karez.services.bookkeeping import Phase, Seat, derive_id

SEATS = {
    "cash": Seat(1, "EUR"),
    "ann": Seat(2, "EUR"),
    "bob": Seat(3, "EUR"),
    "yen": Seat(4, "JPY"),
    "yen2": Seat(5, "JPY"),
    "dinar": Seat(6, "BHD"),
    "dinar2": Seat(7, "BHD"),
}
TRANSFERS = "id,valid_on,debit,credit,amount"
JOURNAL = "id,valid_on,account,debit,credit"


def find_seats(codes: set[str]) -> dict[str, Seat]:
    return {code: SEATS[code] for code in codes & SEATS.keys()}


def table_of(text: str, form: Format = Format.CSV) -> Table:
    return read_table(io.BytesIO(text.encode(errors="surrogateescape")), "f.csv", form)


def read(
    text: str, *, naming: Naming | None = None, form: Format = Format.CSV, whole: bool = True
) -> tuple[Table, list[Chunk]]:
    naming = naming or Naming("main", "file")
    table = table_of(text, form)
    shape = check_header(table.file, table.header, with_ids=not naming.by_content)
    return table, list(read_postings(table, shape, naming, find_seats, whole=whole))


def transfers(chunk: Chunk) -> list[tuple[int, int, int, int]]:
    """Return line, debit, credit and minor units of each transfer."""
    names = ("line", "debit_account", "credit_account", "amount_minor")
    return [tuple(int(row[name]) for name in names) for row in chunk.batch.rows]


def refusals(text: str, **options) -> list[tuple[int, str, str, str]]:
    """Return line, column, value and code of each fault."""
    table, chunks = read(text, **options)
    return [
        (refusal.line, refusal.field, refusal.value, refusal.error.code)
        for chunk in chunks
        for refusal in find_refusals(table, chunk.block)
    ]


def test_transfers__every_column():
    text = (
        "id;valid_on;debit;credit;amount;currency;kind;memo;reference;reference.slip;phase;"
        "expires_at;error.message\n"
        'a;2026-01-05;cash;ann;1.50;EUR;deposit;hello;{"b": "2"};7;pending;'
        "2030-01-01T00:00:00Z;old\n"
        "b;2026-01-06;yen;yen2;150;;;;;;;;\n"
    )
    _, [chunk] = read(text)
    assert transfers(chunk) == [(0, 1, 2, 150), (0, 4, 5, 150)]
    rows = chunk.batch.rows
    assert [date_of(int(day)).day for day in rows["valid_on"]] == [5, 6]
    assert [chunk.batch.kinds[kind] for kind in rows["kind"]] == ["deposit", "general"]
    assert rows["phase"].tolist() == [Phase.PENDING, Phase.POSTED]
    assert (rows["expires_at"] > 0).tolist() == [True, False]
    assert chunk.batch.notes == {0: ("hello", '{"b":"2","slip":"7"}')}


def test_transfers__neighbours_with_one_id_are_one_entry():
    text = (
        f"{TRANSFERS},memo\na,2026-01-05,cash,ann,1,m\na,,cash,bob,2,\n"
        "b,2026-01-05,ann,bob,3,\na,2026-01-05,cash,ann,1,\n"
    )
    _, [chunk] = read(text)
    rows = chunk.batch.rows
    assert rows["line"].tolist() == [0, 1, 0, 0]
    assert rows["group"].tolist() == [0, 0, 1, 2]
    assert rows["entry_id"][0] == rows["entry_id"][1] == rows["entry_id"][3]
    assert rows["entry_id"][2].tobytes() == derive_id("main", "file", "b").bytes
    rows_of = [range(2), range(2), range(2, 3), range(3, 4)]
    assert [chunk.entry_rows(row) for row in range(4)] == rows_of


def test_ids__chosen_or_derived():
    uuid = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    names = [str(uuid), show_id("ent", uuid), "slip 7"]
    rows = "".join(f"{name},2026-01-05,cash,ann,1\nx,2026-01-05,cash,ann,1\n" for name in names)
    ids = [
        UUID(bytes=octets.tobytes())
        for _, [chunk] in [read(f"{TRANSFERS}\n{rows}", naming=Naming("main", "bank"))]
        for octets in chunk.batch.rows["entry_id"][::2]
    ]
    assert ids == [uuid, uuid, derive_id("main", "bank", "slip 7")]
    assert refusals(f"{TRANSFERS}\nent_zzz,2026-01-05,cash,ann,1\n") == [
        (2, "id", "ent_zzz", "id-malformed")
    ]


def test_ids__from_content_tell_repeats_apart_and_last():
    header = "valid_on,debit,credit,amount"
    row = "2026-01-05,cash,ann,1.00"
    naming = Naming("main", "file", by_content=True)

    def ids(*rows: str) -> list[bytes]:
        _, [chunk] = read("\n".join([header, *rows]), naming=naming)
        return [octets.tobytes() for octets in chunk.batch.rows["entry_id"]]

    twice = ids(row, row, "2026-01-05,cash,ann,2.00")
    assert len(set(twice)) == 3
    assert ids("2026-01-05,cash,ann,2.00", row, row) == [twice[2], *twice[:2]]
    # An old error column is no content.
    _, [chunk] = read(f"error.line,{header}\n9,{row}", naming=naming)
    assert chunk.batch.rows["entry_id"][0].tobytes() == twice[0]


@pytest.mark.parametrize("header", ["id,valid_on,debit,credit,amount", JOURNAL])
def test_ids__from_content_is_for_transfers_without_ids(header):
    with pytest.raises(IdsAlreadyError):
        read(f"{header}\n", naming=Naming("main", "file", by_content=True))


BAD_ROWS = {
    "zero columns too few": ("a,2026-01-05,cash,ann", "", "column-count"),
    "no id": (",2026-01-05,cash,ann,1", "id", "field-missing"),
    "no date": ("a,,cash,ann,1", "valid_on", "field-missing"),
    "date of another form": ("a,5.1.2026,cash,ann,1", "valid_on", "date-malformed"),
    "day that is not": ("a,2026-02-30,cash,ann,1", "valid_on", "date-malformed"),
    "unknown account": ("a,2026-01-05,nobody,ann,1", "debit", "account-unknown"),
    "unknown other account": ("a,2026-01-05,cash,nobody,1", "credit", "account-unknown"),
    "blank at the end": ("a,2026-01-05,cash,ann ,1", "credit", "account-unknown"),
    "no account": ("a,2026-01-05,,ann,1", "debit", "field-missing"),
    "no amount": ("a,2026-01-05,cash,ann,", "amount", "field-missing"),
    "fraction of a cent": ("a,2026-01-05,cash,ann,1.005", "amount", "amount-too-precise"),
    "fraction of a yen": ("a,2026-01-05,yen,yen2,1.0", "amount", "amount-too-precise"),
    "4th decimal of a dinar": ("a,2026-01-05,dinar,dinar2,1.0001", "amount", "amount-too-precise"),
    "10^30": ("a,2026-01-05,cash,ann,1" + "0" * 30, "amount", "amount-out-of-range"),
    "exponent": ("a,2026-01-05,cash,ann,1e3", "amount", "amount-malformed"),
    "NaN": ("a,2026-01-05,cash,ann,NaN", "amount", "amount-malformed"),
    "infinity": ("a,2026-01-05,cash,ann,Infinity", "amount", "amount-malformed"),
    "thousands": ('a,2026-01-05,cash,ann,"1,000"', "amount", "amount-malformed"),
    "other digits": ("a,2026-01-05,cash,ann,\u0661", "amount", "amount-malformed"),
    "NUL": ("a,2026-01-05,cash,ann,1\x00", "amount", "nul-character"),
    "no UTF-8": ("a,2026-01-05,cash,an\udcff,1", "credit", "text-encoding"),
    "open quote": ('a,2026-01-05,cash,ann,"1', "", "quote-broken"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_row__is_named_and_costs_no_other(name):
    row, field, code = BAD_ROWS[name]
    text = f"{TRANSFERS}\nx,2026-01-05,cash,ann,1\n{row}\ny,2026-01-05,cash,ann,2\n"
    table, [chunk] = read(text)
    [refusal] = find_refusals(table, chunk.block)
    assert (refusal.line, refusal.field, refusal.error.code) == (3, field, code)
    assert str(refusal).startswith("f.csv, line 3")
    assert [moved[3] % 100 for moved in transfers(chunk)] == [0, 0]
    assert [moved[3] // 100 for moved in transfers(chunk)] == [1, 2]


@pytest.mark.parametrize(
    ("extra", "value", "code"),
    [
        ("currency", "USD", "account-currency"),
        ("currency", "EURO", "account-currency"),
        ("phase", "maybe", "choice-unknown"),
        ("expires_at", "2030-01-01T00:00:00Z", "entry-malformed"),
        ("expires_at", "tomorrow", "instant-malformed"),
        ("reference", "[]", "json-malformed"),
        ("reference", "{", "json-malformed"),
        ("reference", '{"a": 1}', "json-malformed"),
        ("reference", '{"a": "\\u0000"}', "nul-character"),
    ],
)
def test_bad_row__in_a_column_that_may_be_absent(extra, value, code):
    text = f"{TRANSFERS},{extra}\n{as_csv(['a', '2026-01-05', 'cash', 'ann', '1', value])}\n"
    assert refusals(text) == [(2, extra, value, code)]


def test_bad_row__takes_its_entry_with_it():
    text = (
        f"{TRANSFERS},kind\n"
        "a,2026-01-05,cash,ann,1,\na,2026-01-05,cash,nobody,2,\na,2026-01-05,cash,ann\n"
        "b,2026-01-05,cash,ann,3,x\nb,2026-01-06,cash,ann,3,x\nb,,cash,ann,3,y\n"
        "c,2026-01-05,cash,ann,4,\n"
    )
    table, [chunk] = read(text)
    assert transfers(chunk) == [(0, 1, 2, 400)]
    assert [(r.line, r.field, r.error.code) for r in find_refusals(table, chunk.block)] == [
        (3, "credit", "account-unknown"),
        (4, "", "column-count"),
        (6, "valid_on", "entry-rows"),
        (7, "kind", "entry-rows"),
    ]


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("", FileEmptyError, "f.csv is empty"),
        ("id,debit,credit,amount\n", HeaderIncompleteError, "no column valid_on; it has id, debit"),
        ("id,valid_on,account,debit\n", HeaderIncompleteError, "no column credit"),
        ("a,b\n", HeaderIncompleteError, "no column id and no valid_on"),
        (f"{TRANSFERS},memmo\n", HeaderUnknownError, "did you mean memo"),
        (f"{JOURNAL},phase\n", HeaderUnknownError, "phase"),
    ],
)
def test_header__that_will_not_do(text, error, says):
    with pytest.raises(error, match=says):
        read(text)


def test_header__says_the_shape():
    assert check_header("f", TRANSFERS.split(",")) is Shape.TRANSFERS
    assert check_header("f", JOURNAL.split(",")) is Shape.JOURNAL


def test_chunks__do_not_cut_an_entry():
    many = BLOCK_ROWS - 1
    rows = [f"a{n},2026-01-05,cash,ann,1" for n in range(many)]
    rows += ["long,2026-01-05,cash,ann,1"] * (BLOCK_ROWS + 2) + ["z,2026-01-05,cash,ann,1"]
    _, chunks = read("\n".join([TRANSFERS, *rows]), whole=False)
    assert [len(chunk.block) for chunk in chunks] == [many, BLOCK_ROWS + 2, 1]
    assert [len(chunk.starts) for chunk in chunks] == [many, 1, 1]
    assert chunks[1].block.lines[0] == many + 2


def test_jsonl__is_read_alike():
    text = (
        '{"id": "a", "valid_on": "2026-01-05", "debit": "cash", "credit": "ann", "amount": 1.10,'
        ' "reference": {"slip": "7"}, "reference.page": "2"}\n'
        '{"id": "b", "valid_on": "2026-01-05", "debit": "cash", "credit": "ann"}\n'
        '{"id": "c"\n'
    )
    table, [chunk] = read(text, form=Format.JSONL)
    assert transfers(chunk) == [(0, 1, 2, 110)]
    assert chunk.batch.notes == {0: ("", '{"page":"2","slip":"7"}')}
    assert [(r.line, r.field, r.error.code) for r in find_refusals(table, chunk.block)] == [
        (2, "amount", "field-missing"),
        (3, "", "json-malformed"),
    ]


def test_journal__is_paired_in_order():
    text = (
        f"{JOURNAL}\na,2026-01-05,cash,10.00,\na,,ann,,4.00\na,,bob,0.00,6.00\n"
        "a,,yen,5,\na,,yen2,,5\nb,2026-01-05,ann,1.00,\nb,2026-01-05,bob,,1.00\n"
    )
    _, [chunk] = read(text)
    assert transfers(chunk) == [(0, 1, 2, 400), (1, 1, 3, 600), (2, 4, 5, 5), (0, 2, 3, 100)]
    assert chunk.debit_rows.tolist() == [0, 0, 3, 5]
    assert chunk.credit_rows.tolist() == [1, 2, 4, 6]


def test_journal__refuses_what_does_not_balance_in_each_currency():
    text = (
        f"{JOURNAL}\na,2026-01-05,cash,10.00,\na,,ann,,9.99\n"
        "b,2026-01-05,cash,1.00,\nb,,yen,,100\nc,2026-01-05,cash,1.00,\nc,,ann,,1.00\n"
    )
    table, [chunk] = read(text)
    assert transfers(chunk) == [(0, 1, 2, 100)]
    found = [(r.line, r.error.code, r.error.message) for r in find_refusals(table, chunk.block)]
    assert found == [
        (2, "entry-unbalanced", "Entry a does not balance: 10.00 is not 9.99 EUR; mend a line."),
        (4, "entry-unbalanced", "Entry b does not balance: 1.00 is not 0.00 EUR; mend a line."),
    ]


@pytest.mark.parametrize("sides", ["1.00,1.00", ",", "0.00,", "-1.00,", ",-1.00", "-1.00,1.00"])
def test_journal__a_line_has_one_side(sides):
    text = f"{JOURNAL}\na,2026-01-05,cash,{sides}\na,,ann,,1.00\n"
    assert [found[3] for found in refusals(text)] == ["journal-side"]


AMOUNTS = st.lists(st.integers(1, 10**15), min_size=1, max_size=12)


@given(AMOUNTS, st.lists(st.integers(1, 11), max_size=6))
def test_pairing__moves_what_each_line_says(amounts, cuts):
    total = sum(amounts)
    shares = [total // (len(cuts) + 1)] * len(cuts)
    shares = [share for share in [*shares, total - sum(shares)] if share]
    debits = list(enumerate(amounts))
    credits_ = list(enumerate(shares))
    movements = pair_entry("a", {"EUR": debits}, {"EUR": credits_})
    for side, lines in ((0, debits), (1, credits_)):
        moved: Counter[int] = Counter()
        for movement in movements:
            moved[movement[side]] += movement[2]
        assert dict(moved) == dict(lines)
    assert all(moved > 0 for _, _, moved in movements)
    assert len(movements) < len(debits) + len(credits_)


def test_refusal_file__can_be_mended_and_read_again(tmp_path: Path):
    text = (
        f"{TRANSFERS},memo\n"
        "x,2026-01-05,cash,ann,1.00,fine\n"
        "a,2026-01-05,cash,ann,1.00,first of two\na,2026-01-05,cash,nobody,2.00,\n"
        'b,2026-01-05,cash,ann,1.005,"two\nlines, and ""quotes"""\n'
        "c,2026-01-05,cash,ann,1.00\nd,2026-01-05,cash,ann,1.00,caf\udce9\n"
    )
    path = tmp_path / "refused.csv"
    for turn in range(3):
        table, [chunk] = read(text)
        assert len(chunk.block) == (6 if turn == 0 else 5)
        with RefusalFile(path, table) as file:
            file.write(chunk)
        text = path.read_bytes().decode(errors="surrogateescape")
        assert text.splitlines()[0] == (
            f"error.line,error.field,error.code,error.message,{TRANSFERS},memo"
        )
    assert ",caf\udce9\n" in text, "octets go out as they came in"
    mended = text.replace("nobody", "bob").replace("1.005", "1.00").replace("\udce9", "e")
    mended = mended.replace("c,2026-01-05,cash,ann,1.00\n", "c,2026-01-05,cash,ann,1.00,\n")
    _, [chunk] = read(mended)
    assert not chunk.block.faults
    assert transfers(chunk) == [
        (0, 1, 2, 100),
        (1, 1, 3, 200),
        (0, 1, 2, 100),
        (0, 1, 2, 100),
        (0, 1, 2, 100),
    ]
    assert chunk.batch.notes[2][0] == 'two\nlines, and "quotes"'
