"""The slow twin of the rights book: a list of acts, replayed from the start for every question.

It knows no index, no version and no fold of objects: a dictionary for each claim, changed in place.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from karez.books.rights.claim import Claim
from karez.books.rights.event import (
    Act,
    Amend,
    Cancel,
    Finance,
    Register,
    Release,
    Renew,
    Reserve,
    Transfer,
)

REVIVAL = {"own": timedelta(0), "bc-ppsa": timedelta(days=30)}


class Twin:
    """Accepted acts, each with when it took effect and when the book learned of it."""

    def __init__(self) -> None:
        self.log: list[tuple[UUID, Act, datetime, datetime]] = []

    def offer(self, right_id: UUID, act: Act, at: datetime, now: datetime) -> bool:
        """Take an act if the rules allow it; tell whether they did."""
        mine = [entry for entry in self.log if entry[0] == right_id]
        if mine and at < mine[-1][2]:
            return False
        claims = self.replay(now, now)
        claim = claims.get(right_id)
        if isinstance(act, Register | Reserve):
            allowed = claim is None and ends_later(act.claim.ends_at, at)
            if isinstance(act, Reserve):
                allowed = allowed and act.until > at
            things = act.claim.things
        else:
            allowed = claim is not None and permits(claim, act, at)
            things = claim["things"] if claim else ()
            if isinstance(act, Amend) and act.things:
                things = act.things
        takes = isinstance(act, Register | Reserve | Finance | Renew | Amend)
        if allowed and takes and self.is_taken(right_id, things, claims, now):
            allowed = False
        if allowed:
            self.log.append((right_id, act, at, now))
        return allowed

    def is_taken(
        self, right_id: UUID, things: Any, claims: dict[UUID, dict[str, Any]], now: datetime
    ) -> bool:
        numbers = {thing.key for thing in things if thing.scheme == "F1"}
        return any(
            other != right_id
            and state_of(claim, now) in {"reserved", "in force"}
            and numbers & {thing.key for thing in claim["things"] if thing.scheme == "F1"}
            for other, claim in claims.items()
        )

    def replay(self, effective_at: datetime, known_at: datetime) -> dict[UUID, dict[str, Any]]:
        """Make all claims again from what was effective at one instant and known at another."""
        claims: dict[UUID, dict[str, Any]] = {}
        for right_id, act, at, recorded_at in self.log:
            if at <= effective_at and recorded_at <= known_at:
                perform(claims, right_id, act, at)
        return claims


def perform(claims: dict[UUID, dict[str, Any]], right_id: UUID, act: Act, at: datetime) -> None:
    if isinstance(act, Register | Reserve):
        claim: Claim = act.claim
        claims[right_id] = {
            "holder": claim.holder, "things": claim.things, "debtors": claim.debtors,
            "ends_at": claim.ends_at, "revival": REVIVAL[claim.rules], "ended": None,
            "until": act.until if isinstance(act, Reserve) else None,
        }  # fmt: skip
        return
    claim_now = claims[right_id]
    match act:
        case Finance():
            claim_now["until"] = None
        case Amend():
            claim_now["debtors"] = act.debtors or claim_now["debtors"]
            claim_now["things"] = act.things or claim_now["things"]
        case Transfer(_, taker):
            claim_now["holder"] = taker
        case Renew(until):
            claim_now["ends_at"], claim_now["ended"] = until, None
        case Release():
            claim_now["ended"] = ("released", at)
        case Cancel():
            claim_now["ended"] = ("cancelled", at)
        case _:
            raise AssertionError(act)


def permits(claim: dict[str, Any], act: Act, at: datetime) -> bool:
    state = state_of(claim, at)
    match act:
        case Finance():
            return state == "reserved" and ends_later(claim["ends_at"], at)
        case Cancel():
            return state == "reserved"
        case Transfer(giver, _):
            return state == "in force" and giver == claim["holder"]
        case Renew(until):
            if state == "in force":
                ends = claim["ends_at"]
                return ends is not None and (until is None or until > ends)
            ended_at = claim["ended"][1] if claim["ended"] else claim["ends_at"]
            mended = state in {"lapsed", "released"} and at < ended_at + claim["revival"]
            return mended and ends_later(until, at)
        case _:
            return state == "in force"


def ends_later(ends_at: datetime | None, at: datetime) -> bool:
    return ends_at is None or ends_at > at


def state_of(claim: dict[str, Any], at: datetime) -> str:
    if claim["ended"]:
        return claim["ended"][0]
    if claim["until"]:
        return "expired" if claim["until"] <= at else "reserved"
    if claim["ends_at"] and claim["ends_at"] <= at:
        return "lapsed"
    return "in force"
