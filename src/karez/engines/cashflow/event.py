"""What comes out: an event with its payoff and the state that it leaves."""

from __future__ import annotations

from datetime import datetime

import attrs

from karez.engines.cashflow.arithmetic import Number
from karez.engines.cashflow.codes import EventType


@attrs.frozen
class Event:
    """An event of a contract. Amounts are signed for its creator: what comes in is positive.

    They are in units of the currency in conformance, in minor units in a ledger. ``notional``,
    ``rate`` (a year) and ``accrued`` are as the event leaves them.
    """

    at: datetime
    kind: EventType
    payoff: Number
    currency: str
    notional: Number
    rate: Number
    accrued: Number
    exercise_date: datetime | None = None
    exercise_amount: Number | None = None


@attrs.frozen
class Stand:
    """Where a contract stands after all events up to ``through``: what it can be resumed from.

    ``accrued`` is the interest up to ``at``, the last date that interest was run to. Amounts are
    exact and signed by the role.
    """

    through: datetime
    at: datetime
    notional: Number
    rate: Number
    accrued: Number
    base: Number
    payment: Number
    interest_scale: Number
    notional_scale: Number
    fee_accrued: Number
    ends_early: bool
    called: Number | None
