"""What is observed beside the terms: markets, events, business calendars."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal

import attrs

from karez.engines.cashflow.codes import EventType, PrepaymentEffect
from karez.engines.cashflow.days import midnight
from karez.engines.cashflow.errors import MarketUnobservedError


@attrs.frozen
class Series:
    """What a market showed: each value holds from its instant to the next."""

    instants: tuple[datetime, ...]
    values: tuple[Decimal, ...]

    def at(self, when: datetime) -> Decimal | None:
        """Return the last value at or before an instant, None if there is none."""
        place = bisect_right(self.instants, midnight(when))
        return self.values[place - 1] if place else None


@attrs.frozen
class ObservedEvent:
    """Something that happened and that the terms cannot know: a draw, a notice, a default."""

    kind: EventType
    at: datetime
    amount: Decimal | None = None
    contract_id: str | None = None
    performance: str | None = None
    effect: PrepaymentEffect | None = None
    """What the borrower chose for an early repayment; None: what the terms say."""


@attrs.frozen
class Observed:
    """All that is observed. ``until`` cuts what has no end; later events are not shown."""

    until: datetime | None = None
    markets: Mapping[str, Series] = attrs.field(factory=dict[str, Series])
    events: tuple[ObservedEvent, ...] = ()
    closed_days: Mapping[str, Collection[date]] = attrs.field(factory=dict[str, Collection[date]])

    def market(self, code: str | None, when: datetime, *, contract: str) -> Decimal:
        """Return what a market shows at an instant, to a contract that needs it.

        Raises:
            MarketUnobservedError: nothing was observed of it up to then.
        """
        series = self.markets.get(code or "")
        value = series.at(when) if series else None
        if value is None:
            raise MarketUnobservedError(contract=contract, market=code, at=when.isoformat())
        return value
