"""Tables of bookings, read as a mapping says."""

from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings

from doors.statements.making import as_table, content, entry, statement, statements
from karez.doors.files.statements.mapping import StatementMapping
from karez.doors.files.statements.reading import read_statements
from karez.kernel.errors import KarezError

PLAIN = StatementMapping.load("plain")
GERMAN = StatementMapping.parse(
    b"""
account = "DE1"
currency = "EUR"
dates = ["%d.%m.%Y"]
decimal_mark = ","
group_mark = "."
skip_lines = 2
credit_words = ["H"]
debit_words = ["S"]

[columns]
Tag = "booked_on"
Betrag = "amount"
HS = "direction"
A = "remittance"
B = "remittance"
""",
    "german.toml",
)


def read(tmp_path: Path, text: str, mapping: StatementMapping = PLAIN):
    path = tmp_path / "statement.csv"
    path.write_text(text)
    return read_statements(path, mapping)


def codes(reading) -> list[str]:
    assert not (reading.refusals and reading.statements)
    return [refusal.error.code for refusal in reading.refusals]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=statements())
def test_round_trip(tmp_path: Path, made):
    made = attrs.evolve(made, entries=[attrs.evolve(e, is_reversal=False) for e in made.entries])
    reading = read(tmp_path, as_table([made]))
    assert not reading.refusals
    got = [content(each).entries for each in reading.statements]
    assert got == ([made.entries] if made.entries else [])


def test_balances__are_held_row_by_row_in_either_order(tmp_path: Path):
    text = as_table([statement([entry(1), entry(2), entry(-4)], 10)])
    (one,) = read(tmp_path, text).statements
    assert (one.opening.amount_minor, one.closing.amount_minor) == (10, 9)
    header, *rows = text.splitlines()
    (other,) = read(tmp_path, "\n".join([header, *reversed(rows)])).statements
    assert (other.opening.amount_minor, other.closing.amount_minor) == (10, 9)
    missing = read(tmp_path, "\n".join([header, rows[0], rows[2]]))
    assert codes(missing) == ["statement-sum"]
    assert (missing.refusals[0].line, missing.refusals[0].field) == (3, "balance")


def test_customs_of_a_bank(tmp_path: Path):
    text = "Konto;DE1\n\nTag;Betrag;HS;A;B\n31.01.2026;1.234,50;H;loan;7\n01.02.2026;2,00-;S;;\n"
    (one,) = read(tmp_path, text, GERMAN).statements
    assert [each.amount_minor for each in one.entries] == [123_450, -200]
    assert (one.entries[0].remittance, one.entries[0].line, one.opening) == ("loan 7", 4, None)
    wrong = text.replace("31.01.2026", "2026-01-31").replace(";S;", ";T;")
    assert codes(read(tmp_path, wrong, GERMAN)) == ["date-form", "statement-value"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("0.05", "x", "amount-malformed"),
        ("2026-01-31,2026", "31/1/2026,2026", "date-form"),
        ("EUR", "ZZZ", "currency-unknown"),
        ("NL26VAYB8060476890,", ",", "statement-field"),
        ("remittance", "purpose", "column-unmapped"),
        ("amount", "ignored", "column-unmapped"),
    ],
)
def test_broken(tmp_path: Path, old: str, new: str, code: str):
    assert codes(read(tmp_path, as_table([statement([entry(5)])]).replace(old, new, 1))) == [code]


def test_two_currencies_of_one_account(tmp_path: Path):
    text = as_table([statement([entry(5)]), statement([entry(5)], number="2")])
    changed = text.rsplit("EUR", 1)
    assert codes(read(tmp_path, "USD".join(changed))) == ["statement-currency"]


@pytest.mark.parametrize(
    "text",
    [
     "x = ", "colour = 'red'\ncolumns = {}", "columns = { a = 'b' }", "columns = {}\ndates = 'x'",
     "currency = 'ZZZ'\ncolumns = {}", "columns = {}\nencoding = 'none'",
     "skip_lines = 'x'\ncolumns = {}",
     "account = 'x'",
    ],
)  # fmt: skip
def test_mapping__malformed(text: str):
    with pytest.raises(KarezError, match="mapping"):
        StatementMapping.parse(text.encode(), "m.toml")
    with pytest.raises(KarezError, match="no mapping 'nothing'"):
        StatementMapping.load("nothing")


def test_format__unknown(tmp_path: Path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear customer")
    reading = read_statements(path)
    assert codes(reading) == ["statement-format"]
    assert codes(read_statements(tmp_path / "none.xml")) == ["file-unreadable"]
