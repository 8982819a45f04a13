"""Whether a fact may stand in the book: its fields, its dates, its sums. Pure."""

from __future__ import annotations

import difflib
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
    if isinstance(fact, Trade):
        return _check_trade(fact)
    if isinstance(fact, Payroll):
        if fact.net_minor is None or fact.deductions_minor is None:
            return None
        found = fact.gross_minor - fact.deductions_minor
        return _compare("gross_minor less deductions_minor", found, "net_minor", fact.net_minor)
    if isinstance(fact, Weighing):
        return _compare("gross_g less tare_g", fact.gross_g - fact.tare_g, "net_g", fact.net_g)
    return None


def _check_trade(fact: Trade) -> KarezError | None:
    net = fact.net_minor
    if net is None:
        return None
    if fact.tax_minor is not None and net + fact.tax_minor != fact.total_minor:
        found = net + fact.tax_minor
        return _compare("net_minor and tax_minor", found, "total_minor", fact.total_minor)
    nets = [line.net_minor for line in fact.lines if line.net_minor is not None]
    if nets and len(nets) == len(fact.lines):
        return _compare("the net_minor of the lines", sum(nets), "net_minor", net)
    return None


def _compare(name: str, found: int, field: str, said: int) -> KarezError | None:
    if found == said:
        return None
    return FactSumError(sum=name, found=found, field=field, said=said)
