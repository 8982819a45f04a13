"""Who decides what the machine may not, and what their votes come to."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from karez.kernel.errors import ensure
from karez.services.products import Committee, TermSheet

ONE_PERSON = Committee(name="one person", most_minor=2**62, votes=1)
"""Who decides where a product names no committee for the amount."""


class Verdict(StrEnum):
    """What votes come to so far."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"


def committee_for(sheet: TermSheet, amount_minor: int) -> Committee:
    """Return the lowest committee of a product that may decide an amount."""
    fitting = [each for each in sheet.decision.committees if amount_minor <= each.most_minor]
    return min(fitting, key=lambda each: each.most_minor, default=ONE_PERSON)


def verdict(needed: int, votes: Iterable[bool]) -> Verdict:
    """Return what votes, in order, come to: the side that first has as many as are needed."""
    ensure(needed > 0, "a committee needs a vote")
    count = {True: 0, False: 0}
    for vote in votes:
        count[vote] += 1
        if count[vote] == needed:
            return Verdict.APPROVED if vote else Verdict.REFUSED
    return Verdict.OPEN


def may_not_vote(voter: str, *, submitter: str, officer: str, voted: Iterable[str]) -> str:
    """Return why somebody may not vote; an empty text says that they may.

    Four eyes: who brought the application, and whose customer it is, do not decide on it.
    """
    if not voter.strip():
        return "a vote has a name"
    if _same(voter, submitter):
        return "who submitted it does not decide on it"
    if _same(voter, officer):
        return "whose customer it is does not decide on it"
    if any(_same(voter, each) for each in voted):
        return "everybody has one vote"
    return ""


def _same(one: str, two: str) -> bool:
    return one.strip().casefold() == two.strip().casefold()
