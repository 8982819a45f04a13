"""Histories of any shape agree with the twin, at every instant, as known at every other."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from books.rights.conftest import Begin
from books.rights.making import FUTURE, a_claim, firm, invoice, old
from books.rights.twin import Twin, state_of
from karez.books.rights.claim import Claim, Thing
from karez.books.rights.event import (
    Act,
    Amend,
    Cancel,
    Event,
    Finance,
    Register,
    Release,
    Renew,
    Reserve,
    Transfer,
)
from karez.books.rights.history import fold
from karez.books.rights.names import Match
from karez.books.rights.read import load_histories
from karez.books.rights.record import record
from karez.books.rights.search import search
from karez.books.rights.serials import Scheme
from karez.books.rights.verify import verify
from karez.kernel.database import Institution, transaction
from karez.kernel.ids import new_id

START = datetime(2024, 1, 1, tzinfo=UTC)
NAMES = ("Brown Farms", "Green Mill")


def day(number: int) -> datetime:
    return START + timedelta(days=number)


days = st.integers(0, 120)
claims = st.builds(
    lambda name, number, ends, rules: invoice(
        number, debtors=(firm(name),), ends_at=ends and day(ends), rules=rules
    ),
    st.sampled_from(NAMES),
    st.sampled_from(["i1", "i2"]),
    st.none() | st.integers(1, 150),
    st.sampled_from(["own", "bc-ppsa"]),
)
acts = st.one_of(
    st.builds(Register, claims),
    st.builds(Reserve, claims, st.sampled_from([FUTURE])),
    st.builds(Finance),
    st.builds(lambda name: Amend(debtors=(firm(name),)), st.sampled_from(NAMES)),
    st.builds(lambda n: Amend(things=(Thing(Scheme.EXACT, n),)), st.sampled_from(["i1", "i2"])),
    st.builds(Transfer, st.just("bank-a"), st.just("bank-b")),
    st.builds(lambda d: Renew(d and day(d)), st.none() | st.integers(1, 200)),
    st.builds(Release),
    st.builds(Cancel),
)
steps = st.lists(st.tuples(st.integers(0, 2), acts, days), min_size=1, max_size=14)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, cuts=st.lists(st.integers(0, 14), min_size=1, max_size=3))
def test_record__agrees_with_the_twin(
    connection: psycopg.Connection, institution: Institution, steps: Any, cuts: list[int]
):
    """Batches cut anywhere; acts that must be of now are, the others are of a past day."""
    ids = [new_id() for _ in range(3)]
    twin = Twin()
    batches = [steps[a:b] for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True)]
    with transaction(connection, institution.institution_id):
        numbers = fresh_numbers()
        for batch in filter(None, batches):
            events = [event(ids[place], renumbered(act, numbers), at) for place, act, at in batch]
            done = record(connection, events)
            recorded_at = next((d.recorded.recorded_at for d in done if d.recorded), None)
            for each in done:
                asked = each.event
                at = asked.effective_at or recorded_at or FUTURE
                now = recorded_at or FUTURE - timedelta(days=1)
                if asked.effective_at is None and recorded_at is None:
                    at = now = datetime.now(UTC)
                allowed = twin.offer(asked.right_id, asked.act, at, now)
                assert allowed == (each.error is None), (asked, each.error)
        compare_everywhere(connection, twin, ids)
        assert verify(connection).findings == []


def fresh_numbers() -> dict[str, str]:
    """Numbers of this example's own: the examples share one database."""
    return {number: f"{number}{new_id().hex}" for number in ("i1", "i2")}


def renumbered(act: Act, numbers: dict[str, str]) -> Act:
    def change(claim: Claim) -> Claim:
        return invoice(
            numbers[claim.things[0].number], debtors=claim.debtors, ends_at=claim.ends_at,
            rules=claim.rules,
        )  # fmt: skip

    match act:
        case Register(claim):
            return Register(change(claim))
        case Reserve(claim, until):
            return Reserve(change(claim), until)
        case Amend(things=(thing,)):
            return Amend(things=(Thing(Scheme.EXACT, numbers[thing.number]),))
        case _:
            return act


def event(right_id: Any, act: Act, at: int) -> Event:
    if isinstance(act, Reserve | Finance | Transfer):
        return Event(right_id, act)
    return old(right_id, act, day(at))


def compare_everywhere(connection: psycopg.Connection, twin: Twin, ids: list[Any]):
    known = sorted({entry[3] for entry in twin.log}) or [FUTURE]
    instants = [day(d) for d in (0, 40, 80, 119, 160)] + [FUTURE - timedelta(days=1)]
    for known_at in (*known, FUTURE):
        for at in instants:
            expected = twin.replay(at, known_at)
            histories = load_histories(connection, ids, at, known_at)
            assert histories.keys() == expected.keys()
            for right_id, events in histories.items():
                right, twins = fold(events), expected[right_id]
                assert right is not None
                assert right.state_at(at) == state_of(twins, at)
                assert (right.claim.holder, right.claim.debtors, right.claim.things) == (
                    twins["holder"], twins["debtors"], twins["things"],
                )  # fmt: skip


def test_search__any_past_instant(begin: Begin):
    """A name that was amended away is found as such, and a new one only from its day on."""
    right = new_id()
    with begin() as connection:
        record(connection, [old(right, Register(a_claim(debtors=(firm("Brown Farms"),))), day(0))])
    with begin() as connection:
        change = Amend(debtors=(firm("Green Mill"),))
        [done] = record(connection, [old(right, change, day(30))])
        assert done.recorded is not None
        before = done.recorded.recorded_at - timedelta(microseconds=1)
    with begin() as connection:
        [former] = search(connection, firm("Brown Farms")).hits
        assert (former.matched, former.match) == ("Brown Farms (formerly)", Match.EXACT)
        [hit] = search(connection, firm("Green Mill")).hits
        assert hit.matched == "Green Mill"
        assert search(connection, firm("Brown Farms"), effective_at=day(29)).hits
        assert not search(connection, firm("Green Mill"), effective_at=day(29)).hits
        assert search(connection, firm("Brown Farms"), known_at=before).hits
        assert not search(connection, firm("Brown Farms"), effective_at=day(-1)).hits


@pytest.mark.parametrize(
    ("rules", "days_late", "code"),
    [("bc-ppsa", 29, None), ("bc-ppsa", 30, "right-lapsed"), ("own", 0, "right-lapsed")],
)
def test_renew__within_the_days_of_revival(
    begin: Begin, rules: str, days_late: int, code: str | None
):
    right = new_id()
    with begin() as connection:
        done = record(
            connection,
            [
                old(right, Register(a_claim(rules=rules, ends_at=day(100))), day(0)),
                old(right, Renew(day(900)), day(100 + days_late)),
            ],
        )
        assert (done[1].error.code if done[1].error else None) == code
        if done[1].right:
            gap = [(each.since, each.until) for each in done[1].right.stretches]
            assert gap == [(day(0), day(100)), (day(129), day(900))]
        seen = search(connection, firm("Brown Automotive"), effective_at=day(101)).hits
        assert bool(seen) == (rules == "bc-ppsa"), "what may be revived stays visible"
