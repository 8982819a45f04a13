"""MT940: the dialects of many banks, what we wrote, and what is broken."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doors.statements.making import SHARED, as_mt940, content, entry, statement, statements
from karez.doors.files.statements.reading import read_statements

SAMPLES = SHARED / "mt940" / "mt940_tests"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
# Statements and entries of those that add up; the code of what is wrong with each other one that
# begins like a statement. Others are single fields.
WHOLE = {
    "ASNB/mt940.txt": (31, 8),
    "ASNB/mt940_with_spaces_for_entry_date.txt": (31, 8),
    "betterplace/sepa_mt9401.sta": (20, 97),
    "betterplace/with_binary_character.sta": (2, 4),
    "citi/mt940.txt": (1, 5),
    "jejik/generic.sta": (2, 2),
    "jejik/rabobank-iban.sta": (2, 4),
    "jejik/sns.sta": (2, 2),
    "mBank/mt940.sta": (1, 3),
    "sberbank/171011_01234945.sta": (1, 3),
    "self-provided/february_30.sta": (1, 1),
    "self-provided/long_statement_number.sta": (1, 0),
    "self-provided/multiline.sta": (1, 1),
    "self-provided/transaction_details_wrapped.sta": (1, 1),
    "self-provided/wrapped_timestamp.sta": (1, 1),
}
REFUSED = {
    "betterplace/sepa_snippet.sta": "statement-sum",
    "betterplace/sepa_snippet_broken.sta": "statement-value",
    "cmxl/mt940.sta": "currency-unknown",
    "jejik/abnamro.sta": "statement-page",
    "jejik/ing.sta": "statement-sum",
    "jejik/knab.sta": "statement-sum",
    "jejik/postfinance.sta": "statement-sum",
    "jejik/rabobank.sta": "statement-sum",
    "jejik/triodos.sta": "statement-sum",
    "mBank/mt942.sta": "statement-field",
    "self-provided/gv_codes.sta": "statement-truncated",
    "self-provided/raphaelm.sta": "currency-unknown",
    "self-provided/raiffeisen-cmi.sta": "statement-sum",
    "self-provided/sparkassen.sta": "statement-format",
    "cmxl/statement_line.sta": "statement-format",
}


def read(tmp_path: Path, text: str):
    path = tmp_path / "statement.sta"
    path.write_bytes(text.encode())
    return read_statements(path)


def codes(reading) -> list[str]:
    assert not (reading.refusals and reading.statements), "of a file at fault nothing is taken"
    return [refusal.error.code for refusal in reading.refusals]


@needs_samples
@pytest.mark.parametrize("name", WHOLE)
def test_samples__that_add_up(name: str):
    reading = read_statements(SAMPLES / name)
    assert not reading.refusals
    entries = sum(len(each.entries) for each in reading.statements)
    assert (len(reading.statements), entries) == WHOLE[name]


@needs_samples
@pytest.mark.parametrize("name", REFUSED)
def test_samples__that_do_not(name: str):
    assert codes(read_statements(SAMPLES / name))[0] == REFUSED[name]


DIALECTS = [
    ("ASNB/mt940.txt", 0, "NL47INGB9999999999", "hr gjlm paulissen", "Betaling sieraden", "", ""),
    (
        "jejik/rabobank-iban.sta", 0, "NL70ABNA0987654321", "CONTRA ACCOUNT HOLDER", "",
        "01-01-2013 12:00 0030000987654321", "",
    ),
    ("mBank/mt940.sta", 0, "XX000000000001", None, "PRZELEW SRODKOW", "", "MB170119012058"),
    (
        "betterplace/with_binary_character.sta", 0, "0175526300", "PAYPAL", None,
        "100323-03-100323", "32-P1-TCS49518",
    ),
    (
        "sberbank/171011_01234945.sta", 1, "0000002595841185", "ERGO Eletbiztosito Zrt.", None,
        None, None,
    ),
    ("betterplace/sepa_mt9401.sta", 0, "", "", "", "TFNR 40005 00005", "0724710345313905"),
]  # fmt: skip


@needs_samples
@pytest.mark.parametrize(("name", "place", *["account", "payer", "text", "end", "bank"]), DIALECTS)
def test_dialects(name, place, account, payer, text, end, bank):
    found = read_statements(SAMPLES / name).statements[0].entries[place]
    wanted = (account, payer, text, end, bank)
    told = (found.account, found.name, found.remittance, found.end_to_end, found.bank_reference)
    assert [a for a, b in zip(told, wanted, strict=True) if b is not None] == [
        each for each in wanted if each is not None
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(statements(), min_size=1, max_size=3))
def test_round_trip(tmp_path: Path, made):
    reading = read(tmp_path, as_mt940(made))
    assert not reading.refusals
    assert [content(each) for each in reading.statements] == made


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(made=statements(), data=st.data())
def test_half_a_file__nothing_is_taken(tmp_path: Path, made, data):
    whole = as_mt940([made])
    last = whole.index(":62F:")
    assert codes(read(tmp_path, whole[: data.draw(st.integers(1, last))]))


def page(opens: str, closes: str, *lines: str, number: str = "7/1") -> str:
    head = [":20:X", ":25:12345", f":28C:{number}", f":60{opens}", *lines, f":62{closes}", "-"]
    return "\n".join([*head, ""])


FIRST = page("F:C260131EUR1,", "M:C260131EUR3,5", ":61:260131C2,5NTRFNONREF")
SECOND = page("M:C260131EUR3,5", "F:C260131EUR1,5", ":61:260131D2,NTRFNONREF", number="7/2")


def test_pages__are_one_statement(tmp_path: Path):
    (one,) = read(tmp_path, FIRST + SECOND).statements
    assert [each.amount_minor for each in one.entries] == [250, -200]
    assert (one.number, one.opening.amount_minor, one.closing.amount_minor) == ("7", 100, 150)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (FIRST, "statement-truncated"),
        (SECOND, "statement-page"),
        (FIRST + SECOND.replace("M:C260131EUR3,5", "M:C260131EUR3,"), "statement-page"),
        (FIRST + SECOND.replace("12345", "54321"), "statement-page"),
        (
            SECOND.replace("60M", "60F").replace("F:C260131EUR1,5", "F:C260131USD1,5"),
            "statement-currency",
        ),
    ],
)
def test_pages__that_do_not_follow(tmp_path: Path, text: str, code: str):
    assert codes(read(tmp_path, text))[0] == code


LINES = [
    ("260131C1,NTRFNONREF", 100, "2026-01-31", False),
    ("2601310102C1NTRFX", 100, "2026-01-02", False),
    ("2601021231D1,05NTRFX//Y", -105, "2025-12-31", False),  # booked in the year before
    ("2512310102RC1,NTRFX", -100, "2026-01-02", True),
    ("251231    RD1,NTRFX", 100, "2025-12-31", True),
    ("260131CR1,5NMSCX", 150, "2026-01-31", False),  # R is the last letter of EUR
    ("2602300301DR6,00N024NONREF", -600, "2026-03-01", False),
]


@pytest.mark.parametrize(("line", "amount_minor", "booked_on", "is_reversal"), LINES)
def test_entries(tmp_path: Path, line, amount_minor, booked_on, is_reversal):
    total = f"{100 + abs(amount_minor) // 100},{abs(amount_minor) % 100:02d}"
    text = page("F:C260131EUR100,", f"F:C260131EUR{total}", f":61:{line}")
    if amount_minor < 0:
        left = 10_000 + amount_minor
        text = page(
            "F:C260131EUR100,", f"F:C260131EUR{left // 100},{left % 100:02d}", f":61:{line}"
        )
    (found,) = read(tmp_path, text).statements[0].entries
    assert (found.amount_minor, str(found.booked_on), found.is_reversal) == (
        amount_minor, booked_on, is_reversal,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("260131X1,NTRFX", "statement-value"),
        ("261331C1,NTRFX", "statement-value"),
        ("260131C1,001NTRFX", "amount-too-precise"),
        ("", "statement-value"),
    ],
)
def test_entries__that_cannot_be_read(tmp_path: Path, line: str, code: str):
    text = page("F:C260131EUR0,", "F:C260131EUR1,", f":61:{line}")
    reading = read(tmp_path, text)
    assert codes(reading)[0] == code
    assert (reading.refusals[0].line, reading.refusals[0].field) == (5, ":61:")


def test_text_that_looks_like_a_tag__is_text(tmp_path: Path):
    made = statement([entry(5_00, remittance="at 12")])
    text = as_mt940([made]).replace("at 12", "at 12\r\n:12:30")
    assert read(tmp_path, text).statements[0].entries[0].remittance == "at 12:12:30"


FREE = [
    (
        "/MARF/M1/EREF/E1/ORDP//NAME/ANN/IBAN/NL1/REMI/USTD//loan 7/",
        "M1",
        "E1",
        "ANN",
        "loan 7",
        "",
    ),
    ("/TRTP/SEPA/CNTP/NL2/INGB/BOB/PARIS/REMI/STRD/CUR/RF18539/", "", "", "BOB", "", "RF18539"),
    ("LOAN 12\r\nREK: NL3/NAAM: EVE", "", "", "EVE", "LOAN 12", ""),
    ("000>10X>20 RENT >21 MAY>31123>32ANN", "", "", "ANN", "RENT MAY", ""),
    ("107?20EREF+NONREF?21MREF+M2SVWZ+due?32A?33B", "M2", "", "AB", "due", ""),
    ("just a text", "", "", "", "just a text", ""),
]


@pytest.mark.parametrize(("text", "mandate", "end", "name", "remittance", "reference"), FREE)
def test_free_field(tmp_path: Path, text, mandate, end, name, remittance, reference):
    whole = page("F:C260131EUR0,", "F:C260131EUR1,", ":61:260131C1,NTRFNONREF", f":86:{text}")
    (found,) = read(tmp_path, whole).statements[0].entries
    told = (found.mandate, found.end_to_end, found.name, found.remittance, found.creditor_reference)
    assert told == (mandate, end, name, remittance, reference)
