"""When two names may be the same: how a debtor's name is written down, and how near is near.

A name is cut to its words: width, case, accents and punctuation go, and so do designations such as
LTD and 有限公司 with what follows them. Its key is the words without spaces. Names agree EXACTLY
where their keys do. They are SIMILAR where the words stand in another order, or where few letters
differ: none in a short key, one in a middling, two in a long one, counting two letters that changed
places as one (optimal string alignment). Numbers must be equal: 3rd and 4th are not a slip.

The rule learns from British Columbia's (bcgov/ppr) and is tested on variants and hard negatives in
``tests/books/rights``. ``grams`` finds candidates without comparing every name.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

RULE = "karez-names-2"
"""Which rule a certificate of search was made by."""


class Debt(StrEnum):
    """Who owes: what the name is of."""

    BUSINESS = "business"
    INDIVIDUAL = "individual"


class Match(StrEnum):
    """How a name or number agrees with what was searched for."""

    EXACT = "EXACT"
    SIMILAR = "SIMILAR"


def _load() -> dict[str, Any]:  # the data file's own shapes
    text = (resources.files("karez.books.rights") / "data" / "names.toml").read_text(
        encoding="utf-8"
    )
    return tomllib.loads(text)


_DATA = _load()
_DESIGNATIONS = frozenset(_DATA["designations"])
_LONG_DESIGNATIONS = tuple(word for word in _DATA["designations"] if len(word) >= 7)
_IDLE = frozenset(_DATA["idle"])
_LEADING = frozenset(_DATA["leading"])
_PHRASES = {re.compile(rf"\b{each}\b"): short for each, short in _DATA["phrases"].items()}
_ANY_PHRASE = re.compile("|".join(phrase.pattern for phrase in _PHRASES))
_CHINESE: tuple[str, ...] = tuple(_DATA["chinese"]["designations"])
_GIVEN = {short: name for name, others in _DATA["given"].items() for short in others}

_HAN = r"\u3400-\u9fff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_JOINED = re.compile("['`.\u2019\u00b7\u30fb\u2022\u2027]")  # within: B.C., O'Neill, 买买提·艾力
_PLAIN_WORD, _JOINED_PLAIN = re.compile("[A-Z0-9]+"), str.maketrans("", "", "'`.")
_NUMBER = re.compile(r"[0-9]+|[〇零一二三四五六七八九十百千]+")
_DOUBLED = re.compile(r"([A-Z])\1")
_ANY_HAN = re.compile(rf"[{_HAN}]")
_NUMBERED = re.compile(r"0*([0-9]{4,})(BC)?")


@attrs.frozen
class Name:
    """A name as it is compared: ``words`` for a business, last and given for a person."""

    of: Debt
    words: tuple[str, ...]

    @property
    def key(self) -> str:
        """The words without spaces."""
        return "".join(self.words)

    @property
    def turned(self) -> str:
        """The key with the words in the one order that any order comes to."""
        if self.of is Debt.INDIVIDUAL:
            return "".join(reversed(self.words))
        return "".join(sorted(self.words))

    @property
    def spelled(self) -> str:
        """The words with spaces: what is stored."""
        return " ".join(self.words)


def business_name(text: str) -> Name:
    """Return the name of a firm, co-op or office as it is compared."""
    words = _words(text)
    plain = " ".join(words)
    if _ANY_PHRASE.search(plain):
        for phrase, short in _PHRASES.items():
            plain = phrase.sub(short, plain)
        words = plain.split()
    while len(words) > 1 and words[0] in _LEADING:
        del words[0]
    kept = [_cut_chinese(word) for word in _before_designation(words) if word not in _IDLE]
    kept = [word for word in kept if word] or words
    if numbered := _NUMBERED.fullmatch("".join(kept)):
        kept = [numbered[1]]
    return Name(Debt.BUSINESS, tuple(kept))


def individual_name(last: str, given: str = "") -> Name:
    """Return the name of a person as it is compared; of given names the first one counts."""
    first = _words(given)[:1]
    return Name(Debt.INDIVIDUAL, ("".join(_words(last)), *first))


def _words(text: str) -> list[str]:
    if text.isascii():  # the same, without what only other letters need
        plain = text.upper().replace("&", " AND ")
        return _PLAIN_WORD.findall(plain.translate(_JOINED_PLAIN))
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).upper())
    plain = "".join(each for each in folded if not unicodedata.combining(each))
    return _WORD.findall(_JOINED.sub("", plain.replace("&", " AND ")))


def _before_designation(words: list[str]) -> list[str]:
    for place, word in enumerate(words):
        if place and _designates(word):
            return words[:place]
    return words


@lru_cache(maxsize=65_536)
def _designates(word: str) -> bool:
    """Tell whether a word is a designation, or a long one with a slip of one letter."""
    return word in _DESIGNATIONS or any(
        abs(len(word) - len(long)) <= 1 and OSA.distance(word, long, score_cutoff=1) <= 1
        for long in _LONG_DESIGNATIONS
    )


def _cut_chinese(word: str) -> str:
    if word.isascii():
        return word
    while ends := next((d for d in _CHINESE if word.endswith(d) and len(word) > len(d) + 1), None):
        word = word.removesuffix(ends)
    return word


def compare(asked: Name, found: Name) -> Match | None:
    """Return how two names agree, None if they do not."""
    if asked.of is not found.of:
        return None
    if asked.key == found.key:
        return Match.EXACT
    if found.turned in {asked.turned, asked.key}:
        return Match.SIMILAR
    alike = _firms_alike if asked.of is Debt.BUSINESS else _people_alike
    return Match.SIMILAR if alike(asked, found) else None


def agreeing(asked: Name, spelled: Sequence[str]) -> list[int]:
    """Return the places of the spelled names of the same kind that agree with one, in order.

    Gives what ``compare`` gives for each. Names of firms that are too far away in every order of
    their words, nearly all, are passed over together first.
    """
    places: Iterable[int] = range(len(spelled))
    if asked.of is Debt.BUSINESS:
        words = [each.split(" ") for each in spelled]
        keys = [_single("".join(each)) for each in words]
        turned = [_single("".join(sorted(each))) for each in words]
        near = np.zeros(len(spelled), dtype=np.bool_)
        for form, forms in ((asked.key, keys), (asked.turned, turned), (asked.key, turned)):
            near |= _within_slips(_single(form), forms)
        places = np.flatnonzero(near).tolist()
    return [
        place
        for place in places
        if compare(asked, Name(asked.of, tuple(spelled[place].split(" "))))
    ]


def _within_slips(form: str, forms: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Tell which forms are as near as any name may be: compiled code over all of them."""
    slips = process.cdist(
        [form], forms, scorer=OSA.distance, score_cutoff=_SLIPS_MOST, dtype=np.uint8
    )
    return slips[0] <= _SLIPS_MOST


def _firms_alike(asked: Name, found: Name) -> bool:
    if _NUMBER.findall(asked.key) != _NUMBER.findall(found.key):
        return False
    return _near(asked.key, found.key) or _near(asked.turned, found.turned)


def _people_alike(asked: Name, found: Name) -> bool:
    if len(asked.words) != len(found.words):
        return _near(asked.key, found.key)
    if len(asked.words) == 1 or _is_han(asked.key):
        return _near(asked.key, found.key)
    orders = ((asked.words, found.words), (asked.words, found.words[::-1]))
    return any(_near(a[0], b[0]) and _given_alike(a[1], b[1]) for a, b in orders)


def _given_alike(one: str, other: str) -> bool:
    if 1 in {len(one), len(other)}:
        return one[0] == other[0]
    return _GIVEN.get(one, one) == _GIVEN.get(other, other) or _near(one, other)


def _near(one: str, other: str) -> bool:
    """Tell whether so few letters differ that it may be a slip; a doubled letter is none."""
    one, other = _single(one), _single(other)
    most = slips_most(max(one, other, key=len))
    return OSA.distance(one, other, score_cutoff=most) <= most


def _single(word: str) -> str:
    return _DOUBLED.sub(r"\1", word)


_SLIPS_MOST = 2


def slips_most(key: str) -> int:
    """Return how many letters of a key may differ. A Chinese character says more than a letter."""
    one, two = (5, 10) if _is_han(key) else (4, 9)
    return (len(key) >= one) + (len(key) >= two)


def _is_han(key: str) -> bool:
    return not key.isascii() and _ANY_HAN.search(key) is not None


def shown_forms(name: Name) -> set[str]:
    """Return the strings by whose grams a name is found."""
    forms = {name.key, name.turned}
    if name.of is Debt.INDIVIDUAL and len(name.words) == 2:
        last, first = name.words
        forms |= {last + initial for initial in (first[0], _GIVEN.get(first, first)[0])}
        if _GIVEN.get(first, first) != first:
            forms.add(last + _GIVEN[first])
        forms.add(first + last[0])
    return {_single(form) for form in forms}
