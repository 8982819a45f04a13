"""Parties: recorded once, found by key and name, tied to one another."""

from datetime import date

import pytest

from karez.services.bookkeeping import Books
from karez.services.parties import (
    Kind,
    Party,
    PartyKindError,
    PartyMalformedError,
    PartyMergeError,
    PartyNotFoundError,
    TieKind,
    TieRefusedError,
    find_party,
    list_ties,
    record_parties,
    search_parties,
    tie,
)

DAY = date(2026, 3, 31)
MILL = Party(Kind.FIRM, "Old Mill Ltd", ("tin:100",), place="county:7", segment="food")
ANN = Party(Kind.PERSON, "Lee", ("nin:1",), given="Ann")
BOB = Party(Kind.PERSON, "Stone", ("nin:2",), given="Bob")
GROUP = Party(Kind.GROUP, "Five Wells", ("group:1",))


def record(books: Books, *parties: Party) -> None:
    assert not [done.error for done in record_parties(books, parties) if done.error]


def test_record__again_adds_nothing_and_a_change_is_a_version(books: Books):
    [first] = record_parties(books, [MILL], actor="ada")
    [again] = record_parties(books, [MILL])
    assert first.changed
    assert not again.changed
    assert again.known == first.known
    moved = Party(Kind.FIRM, "Old Mill Ltd", ("tin:100", "gln:9"), place="county:8")
    [changed] = record_parties(books, [moved])
    assert changed.known is not None
    assert changed.known.version == 2
    assert find_party(books, "gln:9") == find_party(books, "tin:100") == changed.known
    assert find_party(books, changed.known.shown_id).party == moved


def test_record__a_preview_writes_nothing(books: Books):
    [done] = record_parties(books, [MILL], preview=True)
    assert done.changed
    with pytest.raises(PartyNotFoundError):
        find_party(books, "tin:100")


def test_record__one_bad_party_eats_no_other(books: Books):
    record(books, MILL, ANN)
    both = Party(Kind.FIRM, "Mill", ("tin:100", "nin:1"))
    person = Party(Kind.PERSON, "Mill", ("tin:100",))
    merged, turned, fine = record_parties(books, [both, person, BOB])
    assert isinstance(merged.error, PartyMergeError)
    assert isinstance(turned.error, PartyKindError)
    assert fine.known is not None


def test_record__a_key_met_twice_in_a_batch_is_one_party(books: Books):
    one, two = record_parties(books, [MILL, Party(Kind.FIRM, "Mill", ("tin:100", "gln:9"))])
    assert one.known is not None
    assert two.known is not None
    assert one.known.party_id == two.known.party_id
    assert two.known.version == 2


def test_record__tells_of_others_with_the_name(books: Books):
    record(books, MILL)
    [done] = record_parties(books, [Party(Kind.FIRM, "OLD MILL LIMITED", ("tin:200",))])
    assert done.alike == (find_party(books, "tin:100").party_id,)


@pytest.mark.parametrize(
    "party",
    [
        {"name": "  "},
        {"name": "x" * 501},
        {"keys": ()},
        {"keys": ("100",)},
        {"keys": ("tin:1", "tin:1")},
        {"given": "Ann"},
        {"place": "a\x00b"},
    ],
)
def test_party__cannot_be(party: dict[str, object]):
    with pytest.raises(PartyMalformedError):
        Party(**{"kind": Kind.FIRM, "name": "Mill", "keys": ("tin:1",), **party})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tin:100", ["tin:100"]),
        ("old mill", ["tin:100"]),
        ("Old Mil Ltd", ["tin:100"]),
        ("Mill", ["tin:100"]),
        ("Ann Lee", ["nin:1"]),
        ("nobody", []),
        ("", []),
    ],
)
def test_search(books: Books, text: str, found: list[str]):
    record(books, MILL, ANN, BOB, GROUP)
    assert [known.key for known in search_parties(books, text)] == found


def test_search__former_names_count(books: Books):
    record(books, MILL)
    record(books, Party(Kind.FIRM, "New Bakery", ("tin:100",)))
    assert [known.key for known in search_parties(books, "old mill")] == ["tin:100"]


def test_tie__holds_from_a_day_until_it_is_ended(books: Books):
    record(books, MILL, ANN, BOB, GROUP)
    assert tie(books, "nin:1", TieKind.MEMBER_OF, "group:1", on=DAY)
    assert not tie(books, "nin:1", TieKind.MEMBER_OF, "group:1", on=DAY)
    ann = find_party(books, "nin:1").party_id
    assert list_ties(books, [ann], date(2026, 3, 30)) == []
    [held] = list_ties(books, [find_party(books, "group:1").party_id], DAY)
    assert (held.one, held.kind, held.since) == (ann, TieKind.MEMBER_OF, DAY)
    with pytest.raises(TieRefusedError):
        tie(books, "nin:1", TieKind.MEMBER_OF, "group:1", on=date(2026, 1, 1), holds=False)
    assert tie(books, "nin:1", TieKind.MEMBER_OF, "group:1", on=date(2026, 5, 1), holds=False)
    assert list_ties(books, [ann], date(2026, 4, 30)) == [held]
    assert list_ties(books, [ann], date(2026, 5, 1)) == []


def test_tie__co_borrowers_are_so_from_either_side(books: Books):
    record(books, ANN, BOB)
    assert tie(books, "nin:2", TieKind.CO_BORROWER_WITH, "nin:1", on=DAY)
    assert not tie(books, "nin:1", TieKind.CO_BORROWER_WITH, "nin:2", on=DAY)


@pytest.mark.parametrize(
    ("one", "kind", "other"),
    [
        ("nin:1", TieKind.GUARANTOR_OF, "nin:1"),
        ("nin:1", TieKind.MEMBER_OF, "tin:100"),
        ("nin:1", TieKind.GUARANTOR_OF, "group:1"),
        ("group:1", TieKind.GUARANTOR_OF, "nin:1"),
        ("nin:1", TieKind.CONTROLLED_BY, "tin:100"),
    ],
)
def test_tie__cannot_be(books: Books, one: str, kind: TieKind, other: str):
    record(books, MILL, ANN, GROUP)
    with pytest.raises(TieRefusedError):
        tie(books, one, kind, other, on=DAY)
    with pytest.raises(PartyNotFoundError):
        tie(books, one, kind, "tin:999", on=DAY)
