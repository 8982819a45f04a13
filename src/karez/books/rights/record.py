"""The one way into the rights book: judge each event against what stands, and write what may be.

``record`` takes a batch. Each event has an answer of its own: it is recorded, it stood before, or
it is refused by an error that says what to do. One that is refused leaves the others alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
import psycopg

from karez.books.rights.claim import Claim, Consent, Thing
from karez.books.rights.errors import (
    BackdatedError,
    EventConflictError,
    EventOrderError,
    NotYetError,
    ReviewNeededError,
    RightUnknownError,
    ThingTakenError,
)
from karez.books.rights.event import (
    Amend,
    Event,
    Finance,
    Grant,
    Pause,
    Recorded,
    Register,
    Renew,
    Reserve,
    Resume,
    Revoke,
    Subordinate,
    Transfer,
    encode_act,
)
from karez.books.rights.grams import grams_of
from karez.books.rights.history import Right, State, apply, fold, shown
from karez.books.rights.names import Name
from karez.books.rights.pen import Pen, take_pen, write_batch
from karez.books.rights.queries import QUERIES
from karez.books.rights.read import FOREVER, load_histories
from karez.books.rights.serials import ALIKE, EXCLUSIVE
from karez.kernel.errors import KarezError, ensure

Key = tuple[str, str]  # scheme and key of a thing

_NOW_ONLY = (Reserve, Finance, Transfer, Grant, Revoke, Pause, Resume)
"""Acts that others are refused by: they are of the moment in which the register takes them."""


@attrs.frozen
class Done:
    """What became of one event: where it stands, or why it was refused.

    ``replayed`` says that it was there before. ``alike`` are the schemes in which a live right
    has an equal fingerprint that does not forbid this one.
    """

    event: Event
    recorded: Recorded | None = None
    right: Right | None = None
    error: KarezError | None = None
    replayed: bool = False
    alike: tuple[str, ...] = ()


def record(connection: psycopg.Connection, events: Sequence[Event]) -> list[Done]:
    """Record a batch of events, each on its own merits; return the answers in order.

    Nothing is decided before the pen is taken, so of two that contradict one is refused.
    """
    if not events:
        return []
    return _Recorder(take_pen(connection), events).run()


def record_one(connection: psycopg.Connection, event: Event) -> Done:
    """Record one event.

    Raises:
        KarezError: why it is refused.
    """
    [done] = record(connection, [event])
    if done.error is not None:
        raise done.error
    return done


@attrs.define
class _Recorder:
    pen: Pen
    events: Sequence[Event]
    rights: dict[UUID, Right] = attrs.field(factory=dict[UUID, Right])
    last: dict[UUID, Recorded] = attrs.field(factory=dict[UUID, Recorded])
    before: dict[UUID, Recorded] = attrs.field(factory=dict[UUID, Recorded])
    takers: dict[Key, set[UUID]] = attrs.field(factory=lambda: defaultdict[Key, set[UUID]](set))
    turns: dict[Key, int] = attrs.field(factory=dict[Key, int])
    accepted: list[Recorded] = attrs.field(factory=list[Recorded])
    rows: dict[str, list[tuple[Any, ...]]] = attrs.field(
        factory=lambda: defaultdict[str, list[tuple[Any, ...]]](list)
    )
    named: list[tuple[Name, Recorded]] = attrs.field(factory=list[tuple[Name, Recorded]])

    def run(self) -> list[Done]:
        self._load()
        answers = [self._answer(event) for event in self.events]
        if self.accepted:
            self._write_names()
            claims = sum(event.action in {"register", "reserve"} for event in self.accepted)
            write_batch(self.pen, self.accepted, self.rows, claims=claims)
        return answers

    def _load(self) -> None:
        """Read what the events touch: their rights, those they name, those on the same things."""
        wanted = {event.right_id for event in self.events}
        wanted |= {event.act.under for event in self.events if isinstance(event.act, Subordinate)}
        keys = {key for event in self.events for key in _keys_of(event)}
        found = self._events("events_by_id", event_ids=[event.event_id for event in self.events])
        self.before = {event.event_id: event for event in found}
        self._load_rights(wanted)
        keys |= {
            key
            for event in self.events
            if isinstance(event.act, Finance | Renew)
            for key in self._keys_of_right(event.right_id)
        }
        if keys:
            self._load_takers(keys)

    def _keys_of_right(self, right_id: UUID) -> list[Key]:
        right = self.rights.get(right_id)
        return _keys(right.content.things) if right and isinstance(right.content, Claim) else []

    def _load_takers(self, keys: set[Key]) -> None:
        schemes, numbers = zip(*keys, strict=True)
        parameters = {"schemes": list(schemes), "keys": list(numbers)}
        query = QUERIES["rights_on_things"].text
        for scheme, key, right_id, turn in self.pen.connection.execute(query, parameters):
            self.takers[scheme, key].add(right_id)
            self.turns[scheme, key] = max(self.turns.get((scheme, key), 0), turn or 0)
        self._load_rights({each for found in self.takers.values() for each in found})

    def _load_rights(self, right_ids: set[UUID]) -> None:
        missing = right_ids - set(self.rights)
        histories = load_histories(self.pen.connection, missing, FOREVER, FOREVER)
        for right_id, events in histories.items():
            right = fold(events)
            ensure(right is not None, "a right that has events is one")
            assert right is not None  # noqa: S101 - for the type checker
            self.rights[right_id], self.last[right_id] = right, events[-1]

    def _events(self, query: str, **parameters: object) -> Iterable[Recorded]:
        return [
            Recorded(*row) for row in self.pen.connection.execute(QUERIES[query].text, parameters)
        ]

    def _answer(self, event: Event) -> Done:
        body = encode_act(event.act)
        stands = self.before.get(event.event_id)
        if stands is not None:
            if not _is_same(event, body, stands):
                return Done(event, error=EventConflictError(event=str(event.event_id)))
            return Done(event, stands, self.rights[event.right_id], replayed=True)
        try:
            at = self._effective_at(event)
            right = self._judge(event, at)
            alike = self._check_things(event, right)
        except KarezError as error:
            return Done(event, error=error)
        recorded = Recorded(
            event.right_id, right.version, event.event_id, event.action, body, at, self.pen.now,
            len(self.accepted), event.by, event.evidence,
        )  # fmt: skip
        self._accept(recorded, right, event)
        return Done(event, recorded, right, alike=alike)

    def _effective_at(self, event: Event) -> datetime:
        at = event.effective_at or self.pen.now
        if at > self.pen.now:
            raise NotYetError(effective_at=at.isoformat())
        if at < self.pen.now and (not event.evidence or isinstance(event.act, _NOW_ONLY)):
            raise BackdatedError(effective_at=at.isoformat())
        last = self.last.get(event.right_id)
        if last is not None and at < last.effective_at:
            raise EventOrderError(
                right=shown(event.right_id),
                last=last.effective_at.isoformat(),
                effective_at=at.isoformat(),
            )
        return at

    def _judge(self, event: Event, at: datetime) -> Right:
        right = self.rights.get(event.right_id)
        if right is None and not isinstance(event.act, Register | Reserve | Grant):
            raise RightUnknownError(right=shown(event.right_id))
        if isinstance(event.act, Subordinate):
            senior = self.rights.get(event.act.under)
            if senior is None or isinstance(senior.content, Consent):
                raise RightUnknownError(right=shown(event.act.under))
        return apply(right, event.right_id, event.act, at)

    def _check_things(self, event: Event, right: Right) -> tuple[str, ...]:
        """Refuse what another live right excludes; return in which ways others are alike."""
        if not isinstance(event.act, Register | Reserve | Finance | Amend | Renew):
            return ()
        alike: set[str] = set()
        for key in _keys(right.claim.things):
            for other_id in self.takers[key] - {right.right_id}:
                other = self.rights[other_id]
                if not other.is_live(self.pen.now) or key not in set(_keys(other.claim.things)):
                    continue
                if key[0] in EXCLUSIVE:
                    financed = other.state_at(self.pen.now) is State.IN_FORCE
                    raise ThingTakenError(financed="yes" if financed else "no")
                alike.add(key[0])
        if alike and isinstance(event.act, Finance) and not event.act.reviewed_by.strip():
            schemes = ", ".join(sorted(alike))
            raise ReviewNeededError(right=shown(right.right_id), schemes=schemes)
        return tuple(sorted(alike))

    def _accept(self, recorded: Recorded, right: Right, event: Event) -> None:
        had = self.rights.get(right.right_id)
        self.accepted.append(recorded)
        self.before[event.event_id] = recorded
        self.rights[right.right_id], self.last[right.right_id] = right, recorded
        match event.act:
            case Grant(consent):
                self.rows["consent"].append(consent_row(right.right_id, consent))
            case Revoke():
                self.rows["revocation"].append((right.right_id,))
            case Pause() | Resume():
                self.rows["pause"].append((right.right_id, right.version, right.is_paused))
            case Register() | Reserve() | Amend():
                self._index(recorded, right.claim, had.claim if had else None)
            case Renew() if had and not had.is_live(recorded.effective_at):
                self._add_things(recorded, right.claim.things)
            case _:
                pass

    def _index(self, recorded: Recorded, claim: Claim, had: Claim | None) -> None:
        if had is None or had.debtors != claim.debtors:
            names = {each.compared() for each in claim.debtors}
            self.named += [(name, recorded) for name in sorted(names, key=lambda n: n.spelled)]
        if had is None or had.things != claim.things:
            stays = set(_keys(had.things)) if had else set[Key]()
            self._add_things(recorded, claim.things, stays)

    def _add_things(
        self, recorded: Recorded, things: Iterable[Thing], stays: Collection[Key] = ()
    ) -> None:
        for thing in things:
            key = (str(thing.scheme), thing.key)
            turn = None
            if thing.scheme in EXCLUSIVE and key not in stays:
                turn = self.turns[key] = self.turns.get(key, 0) + 1
            self.takers[key].add(recorded.right_id)
            self.rows["thing"].append((*key, recorded.right_id, recorded.version, turn))

    def _write_names(self) -> None:
        """Give every name a number, a new one its grams, and say which version stands under it."""
        spelled = {(str(name.of), name.spelled): name for name, _ in self.named}
        if not spelled:
            return
        debts, texts = zip(*spelled, strict=True)
        parameters = {"debts": list(debts), "spelled": list(texts)}
        rows = self.pen.connection.execute(QUERIES["names_known"].text, parameters)
        numbers = {(debt, text): number for debt, text, number in rows}
        for form, name in spelled.items():
            if form not in numbers:
                numbers[form] = self.pen.name_count + len(self.rows["name"]) + 1
                self.rows["name"].append((numbers[form], *form))
                self.rows["gram"] += [(gram, numbers[form]) for gram in grams_of(name)]
        self.rows["debtor"] += [
            (numbers[str(name.of), name.spelled], event.right_id, event.version)
            for name, event in self.named
        ]


def _keys_of(event: Event) -> list[Key]:
    match event.act:
        case Register(claim) | Reserve(claim, _):
            return _keys(claim.things)
        case Amend(things=tuple() as things):
            return _keys(things)
        case _:
            return []


def _keys(things: Iterable[Thing]) -> list[Key]:
    """Return the keys under which others may be excluded or alike."""
    return [(str(t.scheme), t.key) for t in things if t.scheme in EXCLUSIVE | ALIKE]


def _is_same(event: Event, body: str, stands: Recorded) -> bool:
    return (
        (event.right_id, event.action, body, event.by, event.evidence)
        == (stands.right_id, stands.action, stands.body, stands.by, stands.evidence)
    ) and event.effective_at in {None, stands.effective_at}


def consent_row(consent_id: UUID, consent: Consent) -> tuple[Any, ...]:
    """Return the row of a consent, as the table has it after the institution."""
    return (
        consent_id, consent.grantor, consent.receiver, list(consent.purposes),
        list(consent.scopes), list(consent.series), [str(mode) for mode in consent.modes],
        consent.starts_at, consent.ends_at, consent.range_from, consent.range_to,
        consent.data_life_days, consent.uses_most, str(consent.uses_period), consent.condition,
        consent.amount_most_minor, consent.total_most_minor, consent.currency,
    )  # fmt: skip
