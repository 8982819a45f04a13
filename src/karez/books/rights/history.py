"""The state of a right: what its events, one after another, make of it. Pure.

A right at an instant, as known at another, is a prefix of its events, for those take effect in the
order in which they are recorded. A term or a reservation that runs out is no event: it follows from
the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import attrs

from karez.books.rights.claim import (
    Claim,
    Consent,
    Debtor,
    Rules,
    check_claim,
    check_consent,
    check_term,
    rules_of,
)
from karez.books.rights.errors import (
    HolderError,
    RightLapsedError,
    RightMalformedError,
    RightStateError,
    TermError,
)
from karez.books.rights.event import (
    Act,
    Amend,
    Cancel,
    Finance,
    Grant,
    Pause,
    Recorded,
    Register,
    Release,
    Renew,
    Reserve,
    Resume,
    Revoke,
    Subordinate,
    Transfer,
)
from karez.kernel.ids import show_id


class State(StrEnum):
    """How a right stands. A receivable in force is financed."""

    RESERVED = "reserved"
    IN_FORCE = "in force"
    LAPSED = "lapsed"  # its term is over
    EXPIRED = "expired"  # a reservation that was not used
    RELEASED = "released"
    CANCELLED = "cancelled"
    REVOKED = "revoked"
    PAUSED = "paused"  # a consent that rests


LIVE = frozenset({State.RESERVED, State.IN_FORCE})


@attrs.frozen
class Stretch:
    """A time in which a right was in force, its end excluded; None: no end is set."""

    since: datetime
    until: datetime | None


@attrs.frozen
class Right:
    """A right after some of its events; ``state_at`` says how it stands at an instant.

    ``stretches`` are the times in force; a gap between two is a lapse that was mended. Until
    ``reserved_until`` it is only reserved.
    """

    right_id: UUID
    content: Claim | Consent
    rules: Rules
    stretches: tuple[Stretch, ...] = ()
    reserved_until: datetime | None = None
    ended: tuple[State, datetime] | None = None
    subordinated_to: tuple[UUID, ...] = ()
    reviewed_by: str = ""
    is_paused: bool = False
    former_debtors: tuple[Debtor, ...] = ()
    """Whom an amendment put others in the place of: the names it stood under before."""
    version: int = 1

    @property
    def claim(self) -> Claim:
        """The claim that this is.

        Raises:
            RightStateError: it is a consent.
        """
        if isinstance(self.content, Consent):
            raise RightStateError(
                right=shown(self.right_id), state="a consent", action="an act on claims",
                remedy="use `karez consent`",
            )  # fmt: skip
        return self.content

    @property
    def ends_at(self) -> datetime | None:
        """When the term is over, if it has an end."""
        return self.stretches[-1].until if self.stretches else None

    def state_at(self, instant: datetime) -> State:
        """Return how the right stands at an instant no earlier than its last event."""
        if self.ended is not None:
            return self.ended[0]
        if self.reserved_until is not None:
            return State.EXPIRED if self.reserved_until <= instant else State.RESERVED
        if self.ends_at is not None and self.ends_at <= instant:
            return State.LAPSED
        return State.PAUSED if self.is_paused else State.IN_FORCE

    def is_live(self, instant: datetime) -> bool:
        """Tell whether it binds anybody at an instant."""
        return self.state_at(instant) in LIVE


def shown(right_id: UUID) -> str:
    """Return the id of a right as people see it."""
    return show_id("rgt", right_id)


def fold(events: Iterable[Recorded]) -> Right | None:
    """Return what the events of one right, from its first, make of it; None for none."""
    right = None
    for event in events:
        right = apply(right, event.right_id, event.act, event.effective_at)
    return right


def apply(right: Right | None, right_id: UUID, act: Act, at: datetime) -> Right:
    """Return the right after an act that takes effect at an instant.

    Raises:
        RightMalformedError, RegisterRulesUnknownError, TermError: the act cannot be right.
        RightStateError, RightLapsedError, HolderError: what stands forbids it.
    """
    begins = _BEGINNINGS.get(type(act))
    if right is None or begins is not None:
        if begins is None or right is not None:
            state = "registered already" if right else "not registered"
            remedy = "choose another id" if right else "register it first"
            raise _refused(right_id, state, act, remedy)
        return begins(right_id, act, at)
    changed = _CHANGES[type(act)](right, act, at)
    return attrs.evolve(changed, version=right.version + 1)


def _register(right_id: UUID, act: Register, at: datetime) -> Right:
    check_claim(act.claim)
    rules = rules_of(act.claim.rules)
    check_term(rules, at, act.claim.ends_at)
    return Right(right_id, act.claim, rules, (Stretch(at, act.claim.ends_at),))


def _reserve(right_id: UUID, act: Reserve, at: datetime) -> Right:
    check_claim(act.claim)
    rules = rules_of(act.claim.rules)
    check_term(rules, at, act.claim.ends_at)
    if act.until <= at:
        raise TermError(ends_at=act.until.isoformat(), reason="a reservation ends after now")
    return Right(right_id, act.claim, rules, reserved_until=act.until)


def _grant(right_id: UUID, act: Grant, at: datetime) -> Right:
    check_consent(act.consent)
    rules = Rules(0, 0)
    check_term(rules, at, act.consent.ends_at)
    return Right(right_id, act.consent, rules, (Stretch(at, act.consent.ends_at),))


def _finance(right: Right, act: Finance, at: datetime) -> Right:
    _expect(right, act, at, State.RESERVED, remedy="reserve the thing anew")
    check_term(right.rules, at, right.claim.ends_at)
    return attrs.evolve(
        right,
        stretches=(Stretch(at, right.claim.ends_at),),
        reserved_until=None,
        reviewed_by=act.reviewed_by,
    )


def _amend(right: Right, act: Amend, at: datetime) -> Right:
    _expect(right, act, at, State.IN_FORCE)
    changes = {
        name: value for name, value in attrs.asdict(act, recurse=False).items() if value is not None
    }
    if not changes:
        raise RightMalformedError(field="amendment", value="", reason="it changes nothing")
    claim = attrs.evolve(right.claim, **changes)
    check_claim(claim)
    stood = dict.fromkeys((*right.former_debtors, *right.claim.debtors))
    former = tuple(debtor for debtor in stood if debtor not in claim.debtors)
    return attrs.evolve(right, content=claim, former_debtors=former)


def _transfer(right: Right, act: Transfer, at: datetime) -> Right:
    _expect(right, act, at, State.IN_FORCE)
    if act.giver != right.claim.holder:
        raise HolderError(right=shown(right.right_id), giver=act.giver)
    if not act.taker.strip() or act.taker == act.giver:
        raise RightMalformedError(field="taker", value=act.taker, reason="name who takes it")
    return attrs.evolve(right, content=attrs.evolve(right.claim, holder=act.taker))


def _subordinate(right: Right, act: Subordinate, at: datetime) -> Right:
    _expect(right, act, at, State.IN_FORCE)
    if act.under == right.right_id or not isinstance(right.content, Claim):
        reason = "a claim stands behind another claim"
        raise RightMalformedError(field="senior", value=shown(act.under), reason=reason)
    if act.under in right.subordinated_to:
        return right
    return attrs.evolve(right, subordinated_to=(*right.subordinated_to, act.under))


def _renew(right: Right, act: Renew, at: datetime) -> Right:
    claim = right.claim
    state = right.state_at(at)
    if state not in {State.IN_FORCE, State.LAPSED, State.RELEASED}:
        raise _refused(right.right_id, state, act, "register it anew")
    check_term(right.rules, at, act.until)
    last = right.stretches[-1]
    if state is State.IN_FORCE:
        if last.until is None or (act.until is not None and act.until <= last.until):
            ends = act.until.isoformat() if act.until else "never"
            raise TermError(ends_at=ends, reason="a renewal ends later than the term it renews")
        stretches = (*right.stretches[:-1], Stretch(last.since, act.until))
    else:
        ended_at = right.ended[1] if right.ended else last.until
        assert ended_at is not None  # noqa: S101 - for the type checker
        if at >= ended_at + timedelta(days=right.rules.revival_days):
            raise RightLapsedError(
                right=shown(right.right_id),
                ended_at=ended_at.isoformat(),
                revival_days=right.rules.revival_days,
            )
        stretches = (*right.stretches, Stretch(at, act.until))
    content = attrs.evolve(claim, ends_at=act.until)
    return attrs.evolve(right, content=content, stretches=stretches, ended=None)


def _release(right: Right, act: Release, at: datetime) -> Right:
    _expect(right, act, at, State.IN_FORCE)
    _ = right.claim
    return _end(right, State.RELEASED, at)


def _cancel(right: Right, act: Cancel, at: datetime) -> Right:
    _expect(right, act, at, State.RESERVED, remedy="release what is in force")
    return attrs.evolve(right, ended=(State.CANCELLED, at))


def _revoke(right: Right, act: Revoke, at: datetime) -> Right:
    if not isinstance(right.content, Consent):
        raise _refused(right.right_id, "a claim", act, "release it")
    if right.ended:
        raise _refused(right.right_id, State.REVOKED, act, "nothing is left to do")
    # A consent that ran out can be withdrawn too: what was stored under it falls with it.
    return _end(right, State.REVOKED, at)


def _pause(right: Right, act: Pause, at: datetime) -> Right:
    _expect_consent(right, act)
    _expect(right, act, at, State.IN_FORCE)
    return attrs.evolve(right, is_paused=True)


def _resume(right: Right, act: Resume, at: datetime) -> Right:
    _expect_consent(right, act)
    _expect(right, act, at, State.PAUSED)
    return attrs.evolve(right, is_paused=False)


def _expect_consent(right: Right, act: Act) -> None:
    if not isinstance(right.content, Consent):
        raise _refused(right.right_id, "a claim", act, "only a consent rests")


def _end(right: Right, state: State, at: datetime) -> Right:
    last = right.stretches[-1]
    until = at if last.until is None else min(at, last.until)
    return attrs.evolve(
        right, ended=(state, at), stretches=(*right.stretches[:-1], Stretch(last.since, until))
    )


def _expect(
    right: Right, act: Act, at: datetime, state: State, remedy: str = "look at its history"
) -> None:
    found = right.state_at(at)
    if found is not state:
        raise _refused(right.right_id, found, act, remedy)


def _refused(right_id: UUID, state: str, act: Act, remedy: str) -> RightStateError:
    action = type(act).__name__.lower()
    return RightStateError(right=shown(right_id), state=state, action=action, remedy=remedy)


_BEGINNINGS: dict[type, Callable[[UUID, Any, datetime], Right]] = {
    Register: _register,
    Reserve: _reserve,
    Grant: _grant,
}
_CHANGES: dict[type, Callable[[Right, Any, datetime], Right]] = {
    Finance: _finance,
    Amend: _amend,
    Transfer: _transfer,
    Subordinate: _subordinate,
    Renew: _renew,
    Release: _release,
    Cancel: _cancel,
    Revoke: _revoke,
    Pause: _pause,
    Resume: _resume,
}
