"""Who may vote, and what votes come to."""

from hypothesis import given
from hypothesis import strategies as st

from karez.services.origination.committee import Verdict, may_not_vote, verdict

NAMES = st.sampled_from(["ada", "Ada ", "bob", "cay", "dan", "eve", "olga", "OLGA", "", "  "])


def slow_verdict(needed: int, votes: list[bool]) -> Verdict:
    """Look at every beginning of the votes, the shortest first."""
    for end in range(len(votes) + 1):
        if votes[:end].count(True) >= needed:
            return Verdict.APPROVED
        if votes[:end].count(False) >= needed:
            return Verdict.REFUSED
    return Verdict.OPEN


@given(st.integers(1, 6), st.lists(st.booleans(), max_size=15))
def test_verdict__is_that_of_the_slow_twin(needed: int, votes: list[bool]):
    assert verdict(needed, votes) is slow_verdict(needed, votes)


@given(st.integers(1, 6), st.lists(st.booleans(), max_size=15), st.lists(st.booleans(), max_size=5))
def test_verdict__once_reached_never_changes(needed: int, votes: list[bool], more: list[bool]):
    first = verdict(needed, votes)
    assert first is Verdict.OPEN or verdict(needed, votes + more) is first


@given(st.integers(1, 6), st.lists(st.booleans(), max_size=15))
def test_verdict__turns_with_the_votes(needed: int, votes: list[bool]):
    turned = {Verdict.APPROVED: Verdict.REFUSED, Verdict.REFUSED: Verdict.APPROVED}
    first = verdict(needed, votes)
    assert verdict(needed, [not vote for vote in votes]) is turned.get(first, first)


@given(st.integers(1, 4), NAMES, NAMES, st.lists(st.tuples(NAMES, st.booleans()), max_size=20))
def test_votes__approval_needs_so_many_different_people(
    needed: int, submitter: str, officer: str, tries: list[tuple[str, bool]]
):
    taken: list[tuple[str, bool]] = []
    for voter, approve in tries:
        voted = [name for name, _ in taken]
        if not may_not_vote(voter, submitter=submitter, officer=officer, voted=voted):
            taken.append((voter, approve))
    people = [name.strip().casefold() for name, _ in taken]
    assert len(set(people)) == len(people)
    assert "" not in people
    assert submitter.strip().casefold() not in people
    assert officer.strip().casefold() not in people
    if verdict(needed, [approve for _, approve in taken]) is Verdict.APPROVED:
        assert len({name for name, approve in taken if approve}) >= needed
