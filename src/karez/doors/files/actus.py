"""Reading contracts in the layout of the ACTUS reference cases, and writing events in theirs."""

from __future__ import annotations

import gzip
import json
import types
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import attrs

from karez.doors.files.calendars import closed_days
from karez.doors.files.errors import CasesMalformedError
from karez.engines.cashflow.arithmetic import Arithmetic, Number
from karez.engines.cashflow.check import camel
from karez.engines.cashflow.codes import EventType
from karez.engines.cashflow.cycles import Cycle
from karez.engines.cashflow.days import midnight
from karez.engines.cashflow.errors import TermMalformedError, TermMissingError
from karez.engines.cashflow.event import Event
from karez.engines.cashflow.observed import Observed, ObservedEvent, Series
from karez.engines.cashflow.run import contract_events
from karez.engines.cashflow.terms import CoveredContract, Terms
from karez.kernel.errors import KarezError

_OTHER_NAMES = {"creatorID", "counterpartyID", "creatorId"}


@attrs.frozen
class Case:
    """One contract of a file and what is observed beside it; or what is wrong with it."""

    case_id: str
    terms: Terms | None
    observed: Observed
    error: KarezError | None = None
    unused: tuple[str, ...] = ()
    """Names in the terms that the engine does not look at."""


def read_cases(path: Path) -> Iterator[Case]:
    """Read a file of contracts, plain or gzipped: an object of cases by id, or a list of them.

    A case that cannot be read comes with its error; the others are not touched by it.

    Raises:
        CasesMalformedError: the file is not JSON, or neither an object nor a list.
    """
    for name, raw in _raw_cases(path):
        case = _object(raw) or {}
        case_id = str(case.get("identifier") or name)
        try:
            terms, unused = _terms(case_id, case.get("terms"))
            yield Case(case_id, terms, _observed(case_id, case), unused=unused)
        except KarezError as error:
            yield Case(case_id, None, Observed(), error)


def events_of(
    case: Case, numbers: Arithmetic, calendars: Mapping[str, Collection[date]] | None = None
) -> list[dict[str, Any]]:
    """Return the events of a case in the layout of the reference results.

    ``calendars`` are business calendars by name: the days on which they are closed.

    Raises what is wrong with the case.
    """
    if case.error is not None or case.terms is None:
        raise case.error or TermMissingError(contract=case.case_id, field="terms", rule="required")
    until = case.observed.until
    closed = closed_days(case.terms, calendars or {}, until and until.date())
    observed = attrs.evolve(case.observed, closed_days=closed)
    return [_written(event) for event in contract_events(case.terms, observed, numbers)]


def _written(event: Event) -> dict[str, Any]:
    row: dict[str, Any] = {
        "eventDate": event.at.isoformat(),
        "eventType": event.kind.value,
        "payoff": _plain(event.payoff),
        "currency": event.currency,
        "notionalPrincipal": _plain(event.notional),
        "nominalInterestRate": _plain(event.rate),
        "accruedInterest": _plain(event.accrued),
    }
    if event.exercise_date is not None:
        row["exerciseDate"] = event.exercise_date.isoformat()
    if event.exercise_amount is not None:
        row["exerciseAmount"] = _plain(event.exercise_amount)
    return row


def _plain(value: Number) -> int | float:
    """Return a whole number as one, all else as the nearest double."""
    if isinstance(value, int | Fraction) and value.denominator == 1:
        return value.numerator
    return float(value)


def _raw_cases(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        content = json.loads(raw.decode("utf-8-sig"), parse_float=Decimal, parse_int=Decimal)
    except (ValueError, OSError, EOFError) as fault:
        raise CasesMalformedError(file=path.name, reason=str(fault)) from fault
    if (cases := _object(content)) is not None:
        yield from [(path.stem, cases)] if "terms" in cases else cases.items()
    elif isinstance(content, list):
        for place, case in enumerate(typing.cast("list[Any]", content)):
            yield f"case {place + 1}", case
    else:
        raise CasesMalformedError(file=path.name, reason="it is neither an object nor a list")


def _terms(case_id: str, raw: Any) -> tuple[Terms, tuple[str, ...]]:
    given = _object(raw)
    if given is None:
        raise TermMissingError(contract=case_id, field="terms", rule="a case has its terms")
    fields, values, unused = _fields(), dict[str, Any](), list[str]()
    for name, value in given.items():
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        if name not in fields:
            unused.append(name)
            continue
        field, kind, many = fields[name]
        values[field] = (
            tuple(_value(case_id, name, one, kind) for one in _listed(value))
            if many
            else _value(case_id, name, value, kind)
        )
    values.setdefault("contract_id", case_id)
    for field, rule in (
        ("contract_type", "it names the kind of contract: PAM, LAM, ANN, …"),
        ("status_date", "it says up to when everything is past"),
    ):
        if field not in values:
            raise TermMissingError(contract=case_id, field=camel(field), rule=rule)
    return Terms(**values), tuple(sorted(set(unused) - _OTHER_NAMES))


def _listed(value: Any) -> Sequence[Any]:
    return typing.cast("list[Any]", value) if isinstance(value, list) else [value]


@cache
def _fields() -> Mapping[str, tuple[str, type, bool]]:
    """Return field, type and whether it is an array for each name in the layout."""
    hints = typing.get_type_hints(Terms)
    found: dict[str, tuple[str, type, bool]] = {}
    for field in attrs.fields(Terms):
        kind, many = hints[field.name], False
        if typing.get_origin(kind) is tuple:
            kind, many = typing.get_args(kind)[0], True
        if isinstance(kind, types.UnionType):
            kind = next(one for one in typing.get_args(kind) if one is not type(None))
        found[camel(field.name)] = (field.name, kind, many)
    return found


def _value(case_id: str, name: str, value: Any, kind: type) -> Any:
    """Return what a term says, as its type."""

    def refuse(rule: str) -> typing.NoReturn:
        raise TermMalformedError(contract=case_id, field=name, value=str(value), rule=rule)

    if kind is CoveredContract:
        return _covered(case_id, value)
    text = str(value).strip()
    if kind is Decimal:
        try:
            number = Decimal(text)
        except InvalidOperation:
            refuse("it is a number such as 0.05")
        if not number.is_finite():
            refuse("it is a finite number")
        return number
    if kind is datetime:
        return _instant(text) or refuse("it is a date and time such as 2013-01-01T00:00:00")
    if kind is Cycle:
        return Cycle.parse(text) or refuse("it is a cycle such as P1ML0: monthly, long last stub")
    if issubclass(kind, StrEnum):
        if text not in set(kind):
            refuse(f"it is one of {', '.join(kind)}")
        return kind(text)
    return text


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is None else None


def _covered(case_id: str, raw: Any) -> CoveredContract:
    reference = _object(raw) or {}
    inner = _object(reference.get("object"))
    if inner is None:
        raise TermMalformedError(
            contract=case_id, field="contractStructure", value=str(raw), rule="it names an object"
        )
    contract_id = str(inner.get("contractID") or inner.get("contractIdentifier") or "")
    terms = _terms(contract_id, inner)[0] if "contractType" in inner else None
    covered = reference.get("referenceRole") == "COVE"
    return CoveredContract(contract_id, terms, is_covered=covered)


def _object(value: Any) -> dict[str, Any] | None:
    """Return a JSON object as one, None for anything else."""
    return typing.cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _observed(case_id: str, case: Mapping[str, Any]) -> Observed:
    until = str(case.get("to") or "").strip()
    markets = _object(case.get("dataObserved")) or {}
    return Observed(
        until=_value(case_id, "to", until, datetime) if until else None,
        markets={name: _series(case_id, name, market) for name, market in markets.items()},
        events=tuple(_event(case_id, event) for event in case.get("eventsObserved") or ()),
    )


def _series(case_id: str, name: str, raw: Any) -> Series:
    field = f"dataObserved.{name}"
    points: list[tuple[datetime, Decimal]] = []
    for one in (_object(raw) or {}).get("data") or ():
        point = _object(one) or {}
        when = _value(case_id, field, point.get("timestamp"), datetime)
        points.append((midnight(when), _value(case_id, field, point.get("value"), Decimal)))
    points.sort()
    return Series(tuple(point[0] for point in points), tuple(point[1] for point in points))


def _event(case_id: str, raw: Any) -> ObservedEvent:
    event = _object(raw) or {}
    value, states = event.get("value"), _object(event.get("states")) or {}
    return ObservedEvent(
        kind=_value(case_id, "eventsObserved.type", event.get("type"), EventType),
        at=_value(case_id, "eventsObserved.time", event.get("time"), datetime),
        amount=None if value is None else _value(case_id, "eventsObserved.value", value, Decimal),
        contract_id=event.get("contractId"),
        performance=states.get("contractPerformance"),
    )
