"""The officer panel: whose work looks unlike that of everybody else in the branch?

What stands out in an officer's work is held against the advances that show it, and not against the
other customers of that officer.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.trust.checks import OFFICER
from karez.engines.trust.evidence import (
    FOREVER,
    NONE,
    Bools,
    Evidence,
    Ints,
    Kind,
    Tie,
    day_text,
)
from karez.engines.trust.robust import robust_z
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Verdict

_MINUTES_OF_DAY = 1440
_SEVERAL = 2  # more than so many sharing a wallet, a day or a guarantor are worth a look
_LAST_DAYS = 7


@attrs.frozen
class Trait:
    """Something that an advance has or has not, and that should be about as rare with everyone."""

    words: str
    score: float
    has: Bools  # by advance
    asked: Bools  # which advances could have it
    known_on: Ints
    held: Bools | None = None  # to which it is held up, where that is not all that have it


def officer(evidence: Evidence, rules: Rules) -> Answer:
    """Review the advances that make their officer stand out from the officers of the lender.

    An officer's share of advances with a trait, in each stretch of ``panel_days``, is compared
    with that of the others by robust z.
    """
    advances = evidence.advances
    answer = Answer.over(OFFICER, advances["officer"] != NONE)
    if not len(advances):
        return answer
    stretch = (advances["on"] - advances["on"].min()) // rules.panel_days
    for trait in _traits(evidence, rules):
        for lender in np.unique(advances["lender"]).tolist():
            for period in np.unique(stretch).tolist():
                here = (
                    trait.asked
                    & (advances["lender"] == lender)
                    & (stretch == period)
                    & (advances["officer"] != NONE)
                )
                _compare(answer, evidence, trait, here, rules)
    return answer


def _compare(answer: Answer, evidence: Evidence, trait: Trait, here: Bools, rules: Rules) -> None:
    """Doubt what has the trait, of the officers who have it far more often than the others."""
    advances = evidence.advances
    officers, place = np.unique(advances["officer"][here], return_inverse=True)
    rows = np.flatnonzero(here)
    total = np.bincount(place, minlength=len(officers))
    share = np.bincount(place, trait.has[rows], len(officers)) / np.maximum(total, 1)
    enough = total >= rules.panel_rows_least
    odd = np.zeros(len(officers))
    # A share of few varies by chance alone; half a case is added, so that none is no certainty.
    usual = (float(np.median(share[enough])) if enough.any() else 0.0) * total + 0.5
    chance = usual / (total + 1)
    by_chance = np.sqrt(chance * (1 - chance) / np.maximum(total, 1))
    spread_least = np.maximum(by_chance, rules.robust_spread_least)
    odd[enough] = robust_z(share[enough], spread_least[enough])
    for number in np.flatnonzero(odd > rules.robust_z_most).tolist():
        mine = rows[(place == number) & trait.has[rows]]
        if trait.held is not None:
            mine = mine[trait.held[mine]]
        if not len(mine):
            continue
        known_on = int(trait.known_on[mine].max())
        who = evidence.name("parties", int(officers[number]))
        for advance in mine.tolist():
            answer.doubt(
                advance,
                Verdict.REVIEW,
                trait.score,
                known_on=known_on,
                words=f"{trait.words}; so have {share[number]:.0%} of {who}'s"
                f" {total[number]} in the {rules.panel_days} days to {day_text(known_on)},"
                f" against {np.median(share[enough]):.0%} in the branch",
                cites=[("advances", other) for other in mine.tolist() if other != advance],
            )


def _traits(evidence: Evidence, rules: Rules) -> Iterator[Trait]:
    """Return what is looked at, one after another."""
    advances = evidence.advances
    count, day = len(advances), advances["on"].astype(np.int64)
    loans = evidence.of_kind(Kind.LOAN)
    borrowings = evidence.borrowings
    at = borrowings["advance"]
    paid = borrowings[borrowings["repaid_from"] != NONE]
    for words, score, rows, column in (
        ("its first instalment came from a wallet that paid for others", 0.35, paid, "repaid_from"),
        ("it was paid out to an account that others were paid to", 0.35, borrowings, "paid_to"),
    ):
        yield _shared(evidence, words, score, rows, column)
    first = np.zeros(count, np.bool_)
    first[at[borrowings["first_time"]]] = True
    close = first & _crowded(advances["officer"], day, first)
    words = "it is a first loan of several on a day"
    yield Trait(words, 0.7, close, loans, day)
    yield Trait("it is a first loan", 0.9, first, loans, day)
    late = loans & (_days_left(day) < _LAST_DAYS)
    yield Trait("it was made in the last week of a month", 0.9, late, loans, day)
    yield _guarantors(evidence)
    yield _left_behind(evidence, rules)
    yield from _answers(evidence)


def _days_left(day: Ints) -> Ints:
    """Return how many days of its month are left after each day; bonuses are often by month."""
    dates = day.astype("datetime64[D]")
    following = (dates.astype("datetime64[M]") + 1).astype("datetime64[D]")
    return (following - dates).astype(np.int64) - 1


def _shared(
    evidence: Evidence, words: str, score: float, rows: npt.NDArray[np.void], column: str
) -> Trait:
    """Return the trait of sharing an account with more than one other advance of the officer."""
    advances = evidence.advances
    count = len(advances)
    has, asked = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    known = advances["on"].astype(np.int64)
    owner = rows["advance"]
    asked[owner] = True
    known[owner] = (
        np.maximum(known[owner], rows["repaid_on"]) if column == "repaid_from" else (known[owner])
    )
    pairs = np.column_stack([advances["officer"][owner].astype(np.int64), rows[column]])
    if len(pairs):
        _, place, times = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
        has[owner] = times[place.reshape(-1)] > _SEVERAL
    return Trait(words, score, has, asked, known)


def _crowded(officers: Ints, days: Ints, which: Bools) -> Bools:
    """Return which of these fall on a day on which the officer has more than two of them."""
    rows = np.flatnonzero(which)
    found = np.zeros(len(days), np.bool_)
    if len(rows):
        pairs = np.column_stack([officers[rows].astype(np.int64), days[rows]])
        _, place, times = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
        found[rows] = times[place.reshape(-1)] > _SEVERAL
    return found


def _guarantors(evidence: Evidence) -> Trait:
    """Return the trait of a guarantor who stands for more than two borrowers."""
    advances = evidence.advances
    ties = np.unique(evidence.ties[evidence.ties["kind"] == Tie.GUARANTOR])
    _, place, times = np.unique(ties["value"], return_inverse=True, return_counts=True)
    busy = np.unique(ties["party"][times[place] > _SEVERAL])
    loans = evidence.of_kind(Kind.LOAN)
    has = loans & np.isin(advances["party"], busy)
    words = "its guarantor stands for several"
    return Trait(words, 0.5, has, loans, advances["on"].astype(np.int64))


def _left_behind(evidence: Evidence, rules: Rules) -> Trait:
    """Return the trait of being overdue; it is held up to what an officer who left had made.

    Who pays a ghost's instalments stops when he goes. What counts is how each advance was seen
    last; the share at risk of officers who are still there is what is usual.
    """
    advances, arrears = evidence.advances, evidence.arrears
    count = len(advances)
    seen = np.full(count, NONE, np.int64)
    overdue = np.zeros(count, np.bool_)
    for row in np.argsort(arrears["on"], kind="stable").tolist():
        advance, on, days = arrears[row].tolist()
        seen[advance], overdue[advance] = on, days > rules.overdue_days_most
    left = np.full(int(advances["officer"].max(initial=NONE)) + 2, FOREVER, np.int64)
    known = evidence.departures["officer"] < len(left)
    left[evidence.departures["officer"][known]] = evidence.departures["on"][known]
    gone = seen > left[advances["officer"]]  # NONE is the last place, which nobody leaves
    words = f"it is overdue by more than {rules.overdue_days_most} days since its officer left"
    known_on = np.maximum(seen, advances["on"])
    return Trait(words, 0.5, overdue, seen != NONE, known_on, gone)


def _answers(evidence: Evidence) -> Iterator[Trait]:
    """Return traits of what is written in a form: round numbers, and what another form has."""
    visits, form = evidence.visits, evidence.answers
    if not form.size:
        return
    count = len(evidence.advances)
    owner = visits["advance"]
    known = evidence.advances["on"].astype(np.int64)
    np.maximum.at(known, owner, visits["ends"] // _MINUTES_OF_DAY)
    asked = np.zeros(count, np.bool_)
    asked[owner] = True
    round_numbers = np.zeros(count, np.bool_)
    round_numbers[owner[(form % 100 == 0).mean(axis=1) > 0.5]] = True
    yield Trait("most figures of its form are round", 0.6, round_numbers, asked, known)
    copied = np.zeros(count, np.bool_)
    copied[owner[_copied(visits["officer"].astype(np.int64), form)]] = True
    yield Trait("its form is that of another visit", 0.3, copied, asked, known)


def _copied(officers: Ints, form: npt.NDArray[np.int64]) -> Ints:
    """Return the visits whose form has the answers of another of the officer, but for one."""
    found: set[int] = set()
    for left_out in range(form.shape[1]):
        rest = np.column_stack([officers, np.delete(form, left_out, axis=1)])
        _, place, times = np.unique(rest, axis=0, return_inverse=True, return_counts=True)
        found.update(np.flatnonzero(times[place.reshape(-1)] > 1).tolist())
    return np.array(sorted(found), np.int64)
