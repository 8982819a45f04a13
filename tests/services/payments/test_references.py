"""References with check digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karez.services.payments.references import (
    check_digits,
    creditor_reference,
    payment_reference,
    read_structured,
    read_text,
)

NUMBERS = st.integers(1, 10**16)


def read(text: str, reader=read_text) -> list[tuple[int, str]]:
    return [(each.number, each.strength) for each in reader(text)]


def iso_11649(text: str) -> bool:
    """The rule as the standard has it: letters to numbers, the first four behind, 1 modulo 97."""
    plain = text.replace(" ", "")
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def test_known_references():
    assert creditor_reference(539007547034) == "RF18 5390 0754 7034"  # of the standard's own papers
    assert check_digits(794) == "44"  # of ISO 7064: 79444
    assert payment_reference(42) == "LN-42-69"


@given(NUMBERS)
def test_what_is_written_is_read(number: int):
    assert iso_11649(creditor_reference(number))
    for text in (creditor_reference(number), payment_reference(number)):
        for around in (text, f"rent {text.lower()} ann", text.replace(" ", "")):
            assert read(around) == [(number, "checked")]
    digits = f"{number}{check_digits(number)}"
    assert int(digits) % 97 == 1
    assert read(digits, read_structured) == [(number, "checked")]


@given(NUMBERS, st.data())
def test_a_slip_is_caught(number: int, data: st.DataObject):
    reference = payment_reference(number)
    digits = [place for place, letter in enumerate(reference) if letter.isdigit()]
    place = data.draw(st.sampled_from(digits))
    other = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != reference[place]))
    assert all(
        strength == "bare"
        for _, strength in read(f"{reference[:place]}{other}{reference[place + 1 :]}")
    )
    swapped = digits[:-1]
    at = data.draw(st.sampled_from(swapped))
    if reference[at + 1].isdigit() and reference[at] != reference[at + 1]:
        text = reference[:at] + reference[at + 1] + reference[at] + reference[at + 2 :]
        assert all(strength == "bare" for _, strength in read(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("LN-42", [(42, "bare")]),
        ("ln 42 and LN43", [(42, "bare"), (43, "bare")]),
        ("loan no. 77", [(77, "bare")]),
        ("Loan 12345", [(12345, "bare")]),
        ("paid 123456 thanks", [(123456, "bare")]),
        ("LN-42-94", []),  # wrong check digits: nobody knows which digit is wrong
        ("RF19539007547034", []),
        ("on 2026-01-31, 12.50, 1234", []),
        ("loan 0, LN-0", []),
        ("", []),
    ],
)
def test_texts(text: str, found: list[tuple[int, str]]):
    assert read(text) == found


def test_structured__a_bare_number_is_only_that():
    assert read("43 4269", read_structured) == [(43, "bare"), (42, "checked")]
    assert read("INV/7 0", read_structured) == []
