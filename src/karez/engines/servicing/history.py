"""A loan whose states on the way are kept, so that a late event is folded from where it counts.

``fold`` begins at the first disbursement each time. A ``History`` keeps a few earlier states, close
together near the end and further apart before it: an event that is entered late or undone is folded
from the last of them that it leaves as it was, and gives the same loan as ``fold``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import attrs

from karez.engines.servicing.account import Account
from karez.engines.servicing.events import Charge, Disbursement, Event, RateChange
from karez.engines.servicing.fold import begin, end, fold, in_force, in_order, take
from karez.engines.servicing.terms import Terms


@attrs.frozen
class History:
    """A loan after its events, and what it was before some of them."""

    account: Account
    terms: Terms
    events: tuple[Event, ...]
    order: tuple[Event, ...]  # those in force, in the order in which they count
    kept: tuple[tuple[int, Account], ...]  # how many of them had happened, and the loan then

    def with_events(self, *more: Event, as_of: date) -> History:
        """Return the history with more events, wherever in the order they belong.

        Raises:
            As ``fold`` does.
        """
        return _history(self.terms, (*self.events, *more), as_of, self)

    def kept_before(self, order: tuple[Event, ...]) -> list[tuple[int, Account]]:
        """Return the states that are the same if events happen in this order instead."""
        if self._foreseen(self.order) != self._foreseen(order):
            return []
        same = 0
        for old, new in zip(self.order, order, strict=False):
            if old != new:
                break
            same += 1
        return [(place, state) for place, state in self.kept if place <= same]

    def told_on(self, days: Iterable[date]) -> Iterator[Account]:
        """Yield the loan as it would have been told on each of these days, which ascend.

        What counts from a later day is not known of yet: each is what ``fold`` gives for the events
        that count up to the day, through the day. Look at it before the next: it may go on from
        there.
        """
        place, state = 0, None
        for day in days:
            known = tuple(event for event in self.order if event.effective <= day)
            if state is None or self._foreseen(known[place:]):
                kept = self.kept_before(known)
                place, state = kept[-1] if kept else (0, begin(self.terms, known))
                state = state.copy()
            if state.started is None or not state.is_progressive:
                state = None
                yield fold(self.terms, known, as_of=day)
                continue
            state.events = {event.number: event for event in known}
            for event in known[place:]:
                take(state, event)
            place = len(known)
            yield _seen_on(state, day)

    def _foreseen(self, order: tuple[Event, ...]) -> list[Event]:
        """Return the events that a loan knows of before they happen."""
        kinds = (Charge, Disbursement)
        if not self.terms.bears_interest:
            kinds = (*kinds, RateChange)  # whether it will bear any
        return [event for event in order if isinstance(event, kinds)]


def history(terms: Terms, events: Iterable[Event], *, as_of: date) -> History:
    """Return the loan after these events, as ``fold`` does, with states kept on the way.

    Raises:
        As ``fold`` does.
    """
    return _history(terms, tuple(events), as_of, None)


def _history(
    terms: Terms, events: tuple[Event, ...], as_of: date, known: History | None
) -> History:
    standing = in_force(events)
    order = tuple(in_order(standing))
    kept = known.kept_before(order) if known is not None else []
    if not kept:
        blank = begin(terms, standing)
        if blank.started is None or not blank.is_progressive:
            return History(fold(terms, events, as_of=as_of), terms, events, order, ())
        kept = [(0, blank)]
    first, state = kept[-1]
    state = state.copy()
    state.events = {event.number: event for event in standing}
    for place, event in enumerate(order[first:], first + 1):
        take(state, event)
        if _is_kept(place, len(order)):
            kept.append((place, state.copy()))
    kept = [(place, one) for place, one in kept if _is_kept(place, len(order))]
    return History(end(state, as_of), terms, events, order, tuple(kept))


def _seen_on(account: Account, as_of: date) -> Account:
    """Return what ``end`` makes of a loan, which stays fit for its next event.

    That is a copy only if there is anything to make: then the loan itself stays as it was. So who
    looks at it does so before its next event.
    """
    last = account.rows[-1]
    if (
        account.is_late(as_of)
        or (last.additional and not sum(last.owed))
        or any(row.met and row.outstanding > 0 for row in account.rows)
    ):
        account = account.copy()
    return end(account, as_of)


def _is_kept(place: int, count: int) -> bool:
    """Keep the last states, then every other, every fourth and so on: a few for each doubling."""
    return count - place <= 2 * (place & -place)
