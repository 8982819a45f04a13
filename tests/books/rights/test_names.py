"""Names and numbers: published vectors, the bar on generated variants, candidates."""

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from books.rights.conftest import Begin
from books.rights.making import FUTURE, a_claim, firm
from books.rights.variants import firm_of, firms, people, person_of, vary_firm, vary_person
from karez.books.rights.claim import Debtor
from karez.books.rights.errors import RightMalformedError
from karez.books.rights.event import Event, Register
from karez.books.rights.grams import WEIGHT_NEEDED, grams_asked, grams_of
from karez.books.rights.names import (
    Debt,
    Match,
    Name,
    agreeing,
    business_name,
    compare,
    individual_name,
)
from karez.books.rights.record import record
from karez.books.rights.search import search
from karez.books.rights.serials import Scheme, key_of
from karez.kernel.ids import new_id

BAR = 0.93


@pytest.mark.parametrize(
    ("scheme", "number", "key"),
    [
        ("MV", "KM8J3CA46JU622994", "622994"),
        ("MV", "KX8J3CA46JU622994", "622994"),
        ("MV", "JU622994", "622994"),
        ("MV", "1HGCM82633A004352", "004352"),
        ("MV", "ABC-12O", "086120"),
        ("MV", "T42I0Z", "042102"),
        ("MV", "XZ9SBG", "029586"),
        ("MV", "12", "000012"),
        ("MH", "313000Z009206AB", "920608"),
        ("MH", "WIN24440204003A", "040030"),
        ("MH", "KW2191U", "021910"),
        ("MH", "6436252B10FK", "281000"),
        ("WR", "Well & Co: No. 17", "WELLCONO17"),
    ],
)
def test_key_of__published_vectors(scheme: str, number: str, key: str):
    assert key_of(Scheme(scheme), number) == key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("THE BROWN AUTOMOTIVE LTD.", "BROWNAUTOMOTIVE"),
        ("BROWN AUTO MOTIVE INC", "BROWNAUTOMOTIVE"),
        ("SMITH & SONS COMPANY", "SMITHSONS"),
        ("SMITH AND SONS CO.", "SMITHSONS"),
        ("0871234 B.C. LTD.", "871234"),
        ("BRITISH COLUMBIA FERRY CORP", "BCFERRY"),
        ("天山瑞丰棉花加工有限责任公司", "天山瑞丰棉花加工"),
        ("THE COMPANY", "COMPANY"),
    ],
)
def test_business_name__published_vectors(name: str, key: str):
    assert business_name(name).key == key


@pytest.mark.parametrize(
    ("asked", "found", "match"),
    [
        ("Brown Automotive Ltd", "BROWN AUTO MOTIVE INC", Match.EXACT),
        ("Automotive Brown", "Brown Automotive", Match.SIMILAR),
        ("Brown Automotvie", "Brown Automotive", Match.SIMILAR),
        ("Brown Limitde", "Brown", Match.EXACT),
        ("Mill 3rd", "Mill 4th", None),
        ("第一建筑工程公司", "第二建筑工程公司", None),
        ("Red", "Rod", None),
    ],
)
def test_compare__firms(asked: str, found: str, match: Match | None):
    assert compare(business_name(asked), business_name(found)) is match


@pytest.mark.parametrize(
    ("asked", "found", "match"),
    [
        (("Smith", "Bob"), ("SMITH", "ROBERT"), Match.SIMILAR),
        (("Smith", "Robert J."), ("SMITH", "ROBERT"), Match.EXACT),
        (("Smith", "R"), ("SMITH", "ROBERT"), Match.SIMILAR),
        (("Smith", "Mary"), ("SMITH", "ROBERT"), None),
        (("Macdonald", "Ann"), ("MACDONALD", "AN"), Match.SIMILAR),
        (("Lee", "Bobby"), ("LE", "BOBY"), Match.SIMILAR),
        (("王", "小明"), ("王小明", ""), Match.EXACT),
        (("王小明", ""), ("王小红", ""), None),
        (("买买提·艾力", ""), ("买买提艾力", ""), Match.EXACT),
    ],
)
def test_compare__people(asked: tuple[str, str], found: tuple[str, str], match: Match | None):
    assert compare(individual_name(*asked), individual_name(*found)) is match


@pytest.mark.parametrize("seed", [1, 2])
def test_search__recall_and_precision(begin: Begin, seed: int):
    """The bar of the register: variants are found, names that only look alike are not."""
    rng = random.Random(seed)
    debtors = [firm_of(text) for text in firms(rng, 700)]
    debtors += [person_of(name) for name in people(rng, 300)]
    asked = [(varied(rng, debtor), debtor) for debtor in debtors]
    with begin() as connection:
        events = [Event(new_id(), Register(a_claim(debtors=(each,)))) for each in debtors]
        assert all(done.error is None for done in record(connection, events))
        owner = {event.right_id: debtor for event, debtor in zip(events, debtors, strict=True)}
        found_right = found_wrong = 0
        for variant, meant in asked:
            hits = {owner[hit.right_id] for hit in search(connection, variant).hits}
            found_right += meant in hits
            found_wrong += len({each for each in hits if not is_same(each, meant)})
    recall = found_right / len(asked)
    precision = found_right / (found_right + found_wrong)
    print(f"recall {recall:.4f} precision {precision:.4f} of {len(asked)} searches")
    assert recall >= BAR
    assert precision >= BAR


def varied(rng: random.Random, debtor: Debtor) -> Debtor:
    if debtor.of is Debt.BUSINESS:
        return firm_of(vary_firm(rng, debtor.name))
    return person_of(vary_person(rng, (debtor.name, debtor.given)))


def is_same(one: Debtor, other: Debtor) -> bool:
    """Names that differ in nothing but a designation are one name, by the rule of registers."""
    return one.compared().key == other.compared().key


def test_search__hard_negatives(begin: Begin):
    """One word, one digit or one given name apart: none of these is the same debtor."""
    pairs = [
        ("NORTH PLUMBING LTD", "NORTH ROOFING LTD"),
        ("0871234 B.C. LTD", "0871235 B.C. LTD"),
        ("BROWN FARMS INC", "BROWN DAIRY INC"),
        ("天山瑞丰棉花加工有限公司", "天山恒信棉花加工有限公司"),
        ("MILL NO 1 LTD", "MILL NO 2 LTD"),
    ]
    with begin() as connection:
        record(
            connection, [Event(new_id(), Register(a_claim(debtors=(firm(b),)))) for _, b in pairs]
        )
        for asked, _ in pairs:
            assert search(connection, firm(asked)).hits == [], asked


WORDS = st.text(alphabet="ABCDE", min_size=3, max_size=18)


@given(WORDS, WORDS)
def test_grams__never_miss_two_slips(one: str, other: str):
    """Whatever is two slips apart shares enough grams: candidates are complete."""
    first, second = (Name(Debt.BUSINESS, (each,)) for each in (one, other))
    forms = (first.key, second.key)
    if Levenshtein.distance(*forms) <= 2 and not has_doubles(*forms):
        assert is_candidate(first, second)


def is_candidate(asked: Name, found: Name) -> bool:
    """What the query does: the weights of what is shared, for each key that may be near."""
    stored, sums = grams_of(found), Counter[int]()
    for each in grams_asked(asked):
        sums[each.group] += each.weight * (each.gram in stored)
    return max(sums.values(), default=0) >= WEIGHT_NEEDED


def has_doubles(*forms: str) -> bool:
    return any(a == b for form in forms for a, b in pairwise(form))


@given(WORDS, st.integers(0, 17), st.sampled_from("ABCDE"), st.integers(0, 3))
def test_grams__find_what_compare_finds(word: str, at: int, letter: str, kind: int):
    at %= len(word)
    changed = [
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
    ][kind]
    first, second = (Name(Debt.BUSINESS, (each,)) for each in (word, changed or "A"))
    if compare(first, second) is not None:
        assert is_candidate(first, second)


def test_search__a_name_without_letters_is_refused(begin: Begin):
    with begin() as connection, pytest.raises(RightMalformedError):
        search(connection, firm("---"), effective_at=FUTURE)


@given(WORDS, st.lists(WORDS, max_size=12))
def test_agreeing__gives_what_compare_gives_for_each(asked: str, others: list[str]):
    name = Name(Debt.BUSINESS, (asked[:4], asked[4:] or "A"))
    spelled = [f"{each[:5]} {each[5:] or 'B'}" for each in others] + [asked, name.spelled]
    spelled += [f"{asked[4:] or 'A'} {asked[:4]}", name.spelled.replace("A", "", 1)]
    one_by_one = [
        place
        for place, each in enumerate(spelled)
        if compare(name, Name(Debt.BUSINESS, tuple(each.split(" "))))
    ]
    assert agreeing(name, spelled) == one_by_one
    assert agreeing(name, []) == []
