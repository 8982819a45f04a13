"""Whether a fact may stand in the book: its fields, its dates, its sums. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import attrs
import msgspec

from karez.books.facts.canonical import decode_fact
from karez.books.facts.errors import (
    FactFutureError,
    FactMalformedError,
    FactSchemaUnknownError,
    FactSumError,
    FactTooLargeError,
)
from karez.books.facts.schemas import SCHEMAS, Fact, Payroll, Trade, Weighing, schema_of
from karez.kernel.errors import KarezError

BODY_MOST = 1 << 20
# A day has begun somewhere before it has here, and no two clocks agree to the minute.
DAYS_AHEAD = timedelta(days=1)
CLOCK_AHEAD = timedelta(minutes=5)


@attrs.frozen
class Latest:
    """The last day and instant at which a fact can have happened."""

    day: date
    instant: datetime

    @classmethod
    def at(cls, now: datetime) -> Latest:
        """Return what is latest for facts that are recorded now."""
        return cls((now + DAYS_AHEAD).date(), now + CLOCK_AHEAD)


def check_fact(fact: Fact, octets: bytes, latest: Latest) -> KarezError | None:
    """Return what is wrong with a fact, None if nothing is. ``octets`` is its canonical JSON."""
    schema = schema_of(fact)
    if SCHEMAS.get(schema) is not type(fact):
        return schema_unknown(schema)
    if len(octets) > BODY_MOST:
        return FactTooLargeError(octets=len(octets), most=BODY_MOST)
    try:
        decode_fact(schema, octets)  # a fact made in Python has not been checked by anyone yet
    except msgspec.ValidationError as fault:
        return FactMalformedError(reason=str(fault))
    if not fact.subject or "\0" in fact.subject:
        return FactMalformedError(reason="$.subject is empty, or has an octet zero")
    return _check_time(fact, latest) or _check_sums(fact)


def schema_unknown(schema: str) -> FactSchemaUnknownError:
    """Return the error for a name that is not of a schema."""
    nearest = difflib.get_close_matches(schema, SCHEMAS, n=1, cutoff=0)[0]
    return FactSchemaUnknownError(schema=schema, nearest=nearest)


def _check_time(fact: Fact, latest: Latest) -> KarezError | None:
    if fact.valid_on > latest.day:
        return FactFutureError(field="valid_on", value=fact.valid_on.isoformat())
    if fact.occurred_at is None:
        return None
    if fact.occurred_at.tzinfo is None:
        return FactMalformedError(reason="$.occurred_at has no offset")
    if fact.occurred_at > latest.instant:
        return FactFutureError(field="occurred_at", value=fact.occurred_at.isoformat())
    return None


def _check_sums(fact: Fact) -> KarezError | None:
    for name, found, field, said in _sums(fact):
        if found != said:
            return FactSumError(sum=name, found=found, field=field, said=said)
    return None


def _sums(fact: Fact) -> Iterator[tuple[str, int, str, int]]:
    """Yield the sums of a fact: what is added, what it makes, and which field says how much."""
    match fact:
        case Trade(net_minor=int(net)):
            if fact.tax_minor is not None:
                yield (
                    "net_minor and tax_minor",
                    net + fact.tax_minor,
                    "total_minor",
                    fact.total_minor,
                )
            nets = [line.net_minor for line in fact.lines if line.net_minor is not None]
            if nets and len(nets) == len(fact.lines):
                yield "the net_minor of the lines", sum(nets), "net_minor", net
        case Payroll(net_minor=int(net), deductions_minor=int(deductions)):
            yield (
                "gross_minor less deductions_minor",
                fact.gross_minor - deductions,
                "net_minor",
                net,
            )
        case Weighing():
            yield "gross_g less tare_g", fact.gross_g - fact.tare_g, "net_g", fact.net_g
        case _:
            pass
