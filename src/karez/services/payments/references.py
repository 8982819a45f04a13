"""References that a payer copies: a loan's number with two digits that catch a slip of the pen.

The digits are those of ISO 7064, MOD 97-10: one wrong digit, or two neighbours exchanged, never
agree with them. ``RF`` makes a creditor reference of ISO 11649, which banks check themselves.
"""

from __future__ import annotations

import re
from typing import Literal

import attrs

from karez.kernel.errors import ensure

NUMBER_DIGITS_MOST = 18
_RF_VALUE = 2715  # R is 27 and F is 15 (ISO 11649), behind the number
_SPACED = r"(?:[ .-]?\d)"
# RF, check digits and the number, in groups or not; LN, the number, and the check digits behind it.
_RF = re.compile(rf"\bRF ?(\d\d)({_SPACED}{{1,21}})(?![A-Z0-9])", re.IGNORECASE)
_LN = re.compile(r"\bLN[ .-]?(\d{1,18})(?:[-/](\d\d))?\b", re.IGNORECASE)
_LOAN = re.compile(
    r"\b(?:loan|credit)\b[ .:#-]*(?:no|nr|number)?[ .:#-]*(\d{1,18})\b", re.IGNORECASE
)
_LONG_NUMBER = re.compile(r"(?<![\w.,/-])(\d{5,18})(?![\w/-]|[.,]\d)")

Strength = Literal["checked", "bare"]


@attrs.frozen
class Mention:
    """A loan number that somebody wrote; ``checked`` where its check digits agree with it."""

    number: int
    strength: Strength
    text: str


def check_digits(number: int) -> str:
    """Return the two digits of ISO 7064, MOD 97-10, for a number."""
    ensure(number > 0, "a loan has a number above zero")
    return f"{98 - number * 100 % 97:02d}"


def payment_reference(number: int) -> str:
    """Return the reference of a loan for people: ``LN-42-69``."""
    return f"LN-{number}-{check_digits(number)}"


def creditor_reference(number: int) -> str:
    """Return the creditor reference of a loan (ISO 11649): ``RF34 42``, in groups of four."""
    check = 98 - (number * 10_000 + _RF_VALUE) * 100 % 97
    text = f"RF{check:02d}{number}"
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def read_structured(text: str) -> list[Mention]:
    """Return the loans that structured references name, several parted by blanks.

    Such a field holds references only, so digits with check digits behind them count too.
    """
    found = [each for each in read_text(text) if each.strength == "checked"]
    for word in () if found else text.replace("-", "").split():
        if not (word.isascii() and word.isdigit() and len(word) <= NUMBER_DIGITS_MOST + 2):
            continue
        value = int(word)
        if value > 100 and value % 97 == 1:
            found.append(Mention(value // 100, "checked", word))
        elif value:
            found.append(Mention(value, "bare", word))
    return found


def read_text(text: str) -> list[Mention]:
    """Return the loans that a text names, each once, those with check digits first."""
    found: dict[int, Mention] = {}
    for match in _RF.finditer(text):
        digits = re.sub(r"[ .-]", "", match[2])
        if int(digits) and (int(digits) * 10_000 + _RF_VALUE) * 100 % 97 == 98 - int(match[1]):
            found.setdefault(int(digits), Mention(int(digits), "checked", match[0]))
    for match in _LN.finditer(text):
        number = int(match[1])
        if match[2] is not None and number and match[2] == check_digits(number):
            found.setdefault(number, Mention(number, "checked", match[0]))
    for form in (_LN, _LOAN, _LONG_NUMBER):
        for match in form.finditer(text):
            number = int(match[1])
            if number and not (form is _LN and match[2] is not None):
                found.setdefault(number, Mention(number, "bare", match[0]))
    return list(found.values())
