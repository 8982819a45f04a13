"""Money: exact, in one currency, rounded only by name; held to slow twins in Fraction."""

import decimal
import itertools
import operator
from decimal import Decimal
from fractions import Fraction

import iso4217
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from karez.kernel.errors import KarezError
from karez.kernel.money import (
    AMOUNT_MAX_MINOR,
    AmountMalformedError,
    AmountOutOfRangeError,
    AmountTooPreciseError,
    CurrencyMismatchError,
    CurrencyUnknownError,
    Money,
    MoneyFromFloatError,
    Remainder,
    Rounding,
    allocate,
    currencies,
    currency,
    format_amount,
    parse_amount,
    parse_amounts,
    round_to_minor,
    round_to_step,
)

EUR, JPY, BHD, CLF = (currency(code) for code in ("EUR", "JPY", "BHD", "CLF"))
CURRENCIES = st.sampled_from([EUR, JPY, BHD, CLF])
AMOUNTS_MINOR = st.integers(-AMOUNT_MAX_MINOR, AMOUNT_MAX_MINOR)
MALFORMED = [
    "", " ", "-", "+", ".", ".5", "5.", "1,5", "1.000,00", "1 000", "1'000", "1_000", "1.2.3",
    "--1", "1-", "- 1", " 1", "1 ", "1\n", "1\0", "1e3", "NaN", "nan", "Infinity", "0x10", "€1",
    "\u0661", "\uff11", "²", "one",
]  # fmt: skip


def test_currencies__are_those_of_iso_4217_with_a_minor_unit():
    listed = {
        one.code: (one.number, one.exponent) for one in iso4217.Currency if one.exponent is not None
    }
    assert {one.code: (one.number, one.exponent) for one in currencies().values()} == listed
    assert {one.exponent for one in currencies().values()} == {0, 2, 3, 4}


@pytest.mark.parametrize(
    ("code", "step_minor"),
    [("EUR", 1), ("CHF", 5), ("SEK", 100), ("NOK", 100), ("DKK", 50), ("CZK", 100), ("HUF", 500)],
)
def test_currency__coin_step(code: str, step_minor: int):
    assert currency(code).coin_step_minor == step_minor


@pytest.mark.parametrize("code", ["", "eur", "EURO", "DEM", "XAU", "XTS", "ÉUR"])
def test_currency__unknown(code: str):
    with pytest.raises(CurrencyUnknownError, match="is not a currency"):
        currency(code)


@pytest.mark.parametrize("value", [1.0, 0.1, float("nan"), float("inf"), np.float64(2)])
def test_money__never_from_float(value):
    for make in (
        lambda: Money(value, EUR),
        lambda: Money.of(value, EUR),
        lambda: Money(1, EUR) * value,
        lambda: value * Money(1, EUR),
    ):
        with pytest.raises(MoneyFromFloatError, match="binary fraction"):
            make()


@pytest.mark.parametrize("value", [Decimal(1), "1", True, None])
def test_money__minor_units_are_whole(value):
    with pytest.raises(AssertionError, match="minor units"):
        Money(value, EUR)


def test_money__currencies_do_not_mix():
    euros, yen = Money(100, EUR), Money(100, JPY)
    assert euros != yen
    for together in (
        operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge,
    ):  # fmt: skip
        with pytest.raises(CurrencyMismatchError, match=r"1\.00 EUR and 100 JPY do not mix"):
            together(euros, yen)


@given(AMOUNTS_MINOR, AMOUNTS_MINOR, st.integers(-1000, 1000))
def test_money__arithmetic_is_that_of_its_minor_units(left: int, right: int, times: int):
    first, second = Money(left, EUR), Money(right, EUR)
    assert first + second == second + first == Money(left + right, EUR)
    assert first - second == -(second - first) == Money(left - right, EUR)
    assert first * times == times * first == Money(left * times, EUR)
    for compare in (
        operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
    ):  # fmt: skip
        assert compare(first, second) == compare(left, right)
    assert len({first, Money(left, "EUR")}) == 1


def test_money__of_major_units():
    assert Money.parse("12.34", "EUR") == Money.of("12.34", EUR) == Money(1234, EUR)
    assert Money.of(12, "EUR") == Money.of(Decimal("12.000"), "EUR") == Money(1200, EUR)
    assert Money.of(Decimal("1.5E+3"), JPY) == Money(1500, JPY)
    assert Money.of(Decimal("1.005"), EUR, rounding=Rounding.HALF_EVEN) == Money(100, EUR)
    assert Money.of("1.015", EUR, rounding=Rounding.HALF_EVEN) == Money(102, EUR)
    assert [str(Money(-5, unit)) for unit in (EUR, JPY, BHD, CLF)] == [
        "-0.05 EUR",
        "-5 JPY",
        "-0.005 BHD",
        "-0.0005 CLF",
    ]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (Decimal("1.001"), AmountTooPreciseError),
        (Decimal("1e-999999999"), AmountTooPreciseError),
        (Decimal("NaN"), AmountMalformedError),
        (Decimal("sNaN"), AmountMalformedError),
        (Decimal("Infinity"), AmountOutOfRangeError),
        (Decimal("-Infinity"), AmountOutOfRangeError),
        (Decimal("1e30"), AmountOutOfRangeError),
        (Decimal("-1e999999999"), AmountOutOfRangeError),
        (10**30, AmountOutOfRangeError),
    ],
)
def test_money__of_what_is_no_amount(value: Decimal | int, error: type[KarezError]):
    with pytest.raises(error):
        Money.of(value, EUR)


@given(AMOUNTS_MINOR, CURRENCIES)
def test_amount__reads_back_what_it_shows(amount_minor: int, unit):
    text = format_amount(amount_minor, unit)
    assert Decimal(text) == Decimal(amount_minor).scaleb(-unit.exponent)
    assert parse_amount(text, unit) == amount_minor
    assert format_amount(np.int64(amount_minor), unit) == text


def test_amount__sign_and_leading_zeros():
    assert [parse_amount(text, EUR) for text in ("+1", "-0", "007.5", "-0.01")] == [100, 0, 750, -1]


@pytest.mark.parametrize("text", MALFORMED)
def test_amount__malformed(text: str):
    with pytest.raises(AmountMalformedError) as caught:
        parse_amount(text, EUR)
    assert caught.value.details == {"text": text}


@pytest.mark.parametrize(("text", "unit"), [("1.005", EUR), ("1.000", EUR), ("1.0", JPY)])
def test_amount__too_precise(text: str, unit):
    with pytest.raises(AmountTooPreciseError):
        parse_amount(text, unit)
    assert parse_amount(text, unit, rounding=Rounding.DOWN) == 10**unit.exponent


@pytest.mark.parametrize("text", ["10000000000000.01", "-10000000000000.01", "1" + "0" * 30])
def test_amount__out_of_range(text: str):
    with pytest.raises(AmountOutOfRangeError):
        parse_amount(text, EUR)
    assert parse_amount("10000000000000.00", EUR) == AMOUNT_MAX_MINOR


AMOUNT_TEXTS = st.one_of(
    st.from_regex(r"[+-]?[0-9]{1,20}(\.[0-9]{1,6})?", fullmatch=True),
    st.text(alphabet="01.-+ 9e\0", max_size=22),
    st.sampled_from(MALFORMED),
    st.text(max_size=4),
)


@given(st.lists(AMOUNT_TEXTS), CURRENCIES)
@example(texts=["999999999999999999", "-99999999999999.99", "99999999999999999"], unit=CLF)
@example(texts=["10000000000000.00", "10000000000000.01", "0" * 17 + "1"], unit=EUR)
def test_amounts__read_together_as_one_by_one(texts: list[str], unit):
    expected: list[int] = []
    refused: list[tuple[int, dict]] = []
    for place, text in enumerate(texts):
        try:
            expected.append(parse_amount(text, unit))
        except KarezError as error:
            expected.append(0)
            refused.append((place, error.as_dict()))
    amounts_minor, errors = parse_amounts(texts, unit.exponent)
    assert amounts_minor.dtype == np.int64
    assert amounts_minor.tolist() == expected
    assert [(place, error.as_dict()) for place, error in errors] == refused


@given(
    st.one_of(
        st.decimals(-(10**9), 10**9, allow_nan=False),
        st.integers(-(10**6), 10**6).map(lambda halves: Decimal(halves).scaleb(-1) / 2),
    ),
    CURRENCIES,
    st.sampled_from(Rounding),
)
@example(Decimal("1e-999999"), EUR, Rounding.UP)
@example(Decimal("-1e-999999"), EUR, Rounding.FLOOR)
def test_rounding__is_that_of_the_decimal_module(value: Decimal, unit, rounding: Rounding):
    standard = getattr(decimal, f"ROUND_{rounding.name}")
    with decimal.localcontext(decimal.Context(prec=100)):
        twin = int(value.scaleb(unit.exponent).to_integral_value(standard))
    assert round_to_minor(value, unit, rounding) == twin
    if abs(value.adjusted()) < 100:  # a fraction of more digits takes its time
        assert round_to_minor(Fraction(value), unit, rounding) == twin


@given(AMOUNTS_MINOR, st.integers(1, 10**4), st.sampled_from(Rounding))
def test_step__lands_on_the_nearest_by_the_rule(amount_minor: int, step: int, rounding: Rounding):
    landed = round_to_step(amount_minor, step, rounding)
    assert landed % step == 0
    off = Fraction(landed - amount_minor, step)
    assert abs(off) < 1
    if rounding.name.startswith("HALF"):
        assert abs(off) <= Fraction(1, 2)
    sign = 1 if amount_minor > 0 else -1
    one_sided = {
        Rounding.UP: sign * off >= 0,
        Rounding.DOWN: sign * off <= 0,
        Rounding.FLOOR: off <= 0,
        Rounding.CEILING: off >= 0,
    }
    assert one_sided.get(rounding, True)


def test_step__swiss_cash():
    paid = [round_to_step(amount, 5, Rounding.HALF_UP) for amount in (1002, 1003, -1003, 1005)]
    assert paid == [1000, 1005, -1005, 1005]
    with pytest.raises(AssertionError, match="step"):
        round_to_step(1, 0, Rounding.DOWN)


WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=20).filter(any)


@given(AMOUNTS_MINOR, WEIGHTS, st.sampled_from(Remainder))
def test_allocate__conserves_and_is_fair(amount_minor: int, weights: list[int], rule: Remainder):
    shares = allocate(amount_minor, weights, remainder=rule)
    assert sum(shares) == amount_minor
    assert allocate(-amount_minor, weights, remainder=rule) == [-share for share in shares]
    exact = [Fraction(amount_minor * weight, sum(weights)) for weight in weights]
    cut = [int(share) for share in exact]
    bearing = {
        Remainder.FIRST: next(place for place, weight in enumerate(weights) if weight),
        Remainder.LAST: max(place for place, weight in enumerate(weights) if weight),
    }
    for place, weight in enumerate(weights):
        assert weight or shares[place] == 0
        if rule is Remainder.LARGEST:
            assert abs(shares[place] - exact[place]) < 1
        elif place != bearing[rule]:
            assert shares[place] == cut[place]


@given(AMOUNTS_MINOR, WEIGHTS)
def test_allocate__largest_gives_to_those_cut_most(amount_minor: int, weights: list[int]):
    exact = [Fraction(amount_minor * weight, sum(weights)) for weight in weights]
    shares = allocate(amount_minor, weights, remainder=Remainder.LARGEST)
    lost = [abs(share - int(share)) for share in exact]
    given_one = [shares[place] != int(share) for place, share in enumerate(exact)]
    for one, other in itertools.combinations(range(len(weights)), 2):
        if given_one[other] and not given_one[one]:
            assert lost[other] > lost[one], "of equals the earlier is given one"
        if given_one[one] and not given_one[other]:
            assert lost[one] >= lost[other]


def test_allocate__each_remainder():
    assert allocate(100, [1, 1, 1], remainder=Remainder.FIRST) == [34, 33, 33]
    assert allocate(100, [1, 1, 1], remainder=Remainder.LAST) == [33, 33, 34]
    assert allocate(-5, [3, 0, 3, 1], remainder=Remainder.LARGEST) == [-2, 0, -2, -1]
    assert allocate(7, [0, 5, 0], remainder=Remainder.LAST) == [0, 7, 0]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_allocate__nothing_to_go_by(weights: list[int]):
    with pytest.raises(AssertionError, match="weights"):
        allocate(100, weights, remainder=Remainder.FIRST)


def test_minor_units__never_a_float():
    for refused in (
        lambda: allocate(100, [0.5, 0.5], remainder=Remainder.FIRST),
        lambda: allocate(100.0, [1, 1], remainder=Remainder.FIRST),
        lambda: round_to_step(100.0, 5, Rounding.UP),
        lambda: format_amount(100.0, EUR),
    ):
        with pytest.raises(TypeError):
            refused()
