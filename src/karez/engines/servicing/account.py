"""A loan while it is folded: its plan, its rows, and what else an event may need to know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from karez.engines.servicing import paying
from karez.engines.servicing.errors import ScheduleUnfitError
from karez.engines.servicing.events import Charge, Event, RateChange
from karez.engines.servicing.figures import Figures
from karez.engines.servicing.period import Period
from karez.engines.servicing.plan import Plan
from karez.engines.servicing.row import Row
from karez.engines.servicing.terms import Bucket, PaymentKind, ScheduleKind, Terms
from karez.engines.servicing.trail import Trail

if TYPE_CHECKING:
    from karez.engines.servicing.course import Course
    from karez.engines.servicing.declining import Declining

Portions = list[int]
"""Principal, interest, fees and penalties that one payment went to."""


Refold = Callable[[Sequence[Event], date], "Account"]
"""Folds other events of the same loan until a day."""


class Account:
    """The state of a loan between two events."""

    def __init__(self, terms: Terms, figures: Figures, refold: Refold) -> None:
        self.terms = terms
        self.figures = figures
        self.plan: Plan | None = None
        self.declining: Declining | None = None  # an older schedule that follows payments
        self.rows: list[Row] = []
        self.disbursed: list[tuple[date, int, int]] = []  # day, amount, fees taken from it
        self.capitalised: list[tuple[date, int]] = []
        self.started: date | None = None
        self.as_of: date | None = None  # through which day it was folded
        self.overpaid = 0
        self.overpayments: list[tuple[date, PaymentKind, int]] = []
        self.portions: dict[int, Portions] = {}
        self.chargebacks: dict[int, list[int]] = {}
        self.interest_refunded = 0
        self.charged_off = False
        self.written_off = False
        self.terminated = False
        self.reamortised = False
        self.reaged = False
        self.pays_off = False  # whether the payment in hand pays the loan off
        self.done: list[Event] = []
        self.events: dict[int, Event] = {}
        self.at_payout: list[Charge] = []
        self.met_before: dict[int, date | None] = {}
        self.charge_rows: dict[int, Row] = {}
        self.fee_parts: dict[tuple[int, date, date], int] = {}
        self.paid_rows: dict[int, list[Row]] = {}
        self.refold = refold
        self.trail = Trail()
        self.course: Course | None = None  # how income goes on, once somebody asks

    def copy(self) -> Account:
        """Return an equal loan that can change on its own."""
        twin = Account.__new__(Account)
        twin.__dict__ = self.__dict__.copy()
        twin.plan = self.plan.copy() if self.plan is not None else None
        rows = {id(row): row.copy() for row in self.rows}
        twin.rows = [rows[id(row)] for row in self.rows]
        twin.paid_rows = {
            number: [rows.get(id(row), row) for row in paid]
            for number, paid in self.paid_rows.items()
        }
        twin.disbursed = list(self.disbursed)
        twin.capitalised = list(self.capitalised)
        twin.overpayments = list(self.overpayments)
        twin.done = list(self.done)
        twin.portions = {number: list(parts) for number, parts in self.portions.items()}
        twin.chargebacks = {number: list(parts) for number, parts in self.chargebacks.items()}
        twin.met_before = dict(self.met_before)
        twin.fee_parts = dict(self.fee_parts)
        twin.trail = self.trail.copy()
        twin.course = None
        return twin

    @property
    def follows(self) -> bool:
        """Whether interest follows what is paid, as long as the loan is alive."""
        return (
            self.recalculates
            and self.plan is not None
            and not self.charged_off
            and not self.written_off
            and not self.terminated
        )

    @property
    def recalculates(self) -> bool:
        """Whether the terms let interest follow what is paid, and there is any interest."""
        return self.terms.recalculation is not None and self.bears_interest

    @property
    def bears_interest(self) -> bool:
        """Whether interest is charged, be it only from a later day."""
        return self.terms.bears_interest or any(
            isinstance(event, RateChange) and event.rate_pct_year > 0
            for event in self.events.values()
        )

    @property
    def is_progressive(self) -> bool:
        """Whether the schedule is a progressive one."""
        return self.terms.schedule is ScheduleKind.PROGRESSIVE

    @property
    def lent(self) -> int:
        """All that was paid out or made principal."""
        paid_out = sum(amount for _, amount, _ in self.disbursed)
        return paid_out + sum(amount for _, amount in self.capitalised)

    def the_plan(self) -> Plan:
        """Return the plan of a progressive loan.

        Raises:
            ScheduleUnfitError: the loan has a cumulative schedule.
        """
        if self.plan is None:
            raise ScheduleUnfitError
        return self.plan

    def charge_arrears(self, on: date) -> None:
        """Let late principal bear interest until a day."""
        if self.declining is not None:
            self.declining.bring_up(on)
        recalculation = self.terms.recalculation
        if not self.follows or recalculation is None or not recalculation.on_past_due:
            return
        if paying.charge_arrears(self.the_plan(), recalculation, on, pays_off=self.pays_off):
            self.take_over()

    def is_late(self, on: date) -> bool:
        """Tell whether interest on late principal until a day may change anything."""
        recalculation = self.terms.recalculation
        if self.declining is not None:
            return True
        if not self.follows or recalculation is None or not recalculation.on_past_due:
            return False
        return paying.is_late(self.the_plan(), on)

    def take_over(self) -> None:
        """Set what rows owe to what the plan says."""
        for row, period in self.pairs():
            row.owed[Bucket.PRINCIPAL] = period.due_principal
            row.owed[Bucket.INTEREST] = period.due_interest

    def follow_plan(self, on: date) -> None:
        """Set what rows owe, and what was credited to them, to what the plan says."""
        pairs = list(self.pairs())
        for row, period in pairs:
            row.credited[0] = period.credited_principal
            row.credited[1] = period.credited_interest
        self.follow(pairs, on)

    def follow(self, pairs: Iterable[tuple[Row, Period]], on: date) -> None:
        """Set what these rows owe to what their periods say, and judge them."""
        for row, period in pairs:
            before = row.owed[:2]
            self.follow_one(row, period)
            # A row that owes something and as much as before was judged when it was paid.
            if before != row.owed[:2] or not any(before):
                row.update(on)
        self.the_plan().unshown.clear()

    def follow_one(self, row: Row, period: Period) -> None:
        """Set what a row owes to what its period says."""
        principal, interest, *_ = row.credited
        if (principal or interest) and self.recalculates:
            # Such a plan knows itself what was credited back to its rows.
            principal = interest = 0
        row.owed[:2] = period.due_principal + principal, period.due_interest + interest

    def pairs(self) -> Iterator[tuple[Row, Period]]:
        """Yield each row with the period of the plan that it stands for."""
        rows = {
            (row.start, row.due): row
            for row in self.rows
            if not row.down_payment and not row.additional
        }
        for period in self.the_plan().periods:
            row = rows.get((period.start, period.due))
            if row is not None:
                yield row, period

    def running(self, on: date) -> Row | None:
        """Return the row in whose time a day falls: its due date belongs to it, its first not."""
        for place, row in enumerate(self.rows):
            if row.start < on <= row.due or (not place and on == row.start):
                return row
        return None

    def renumber(self) -> None:
        """Number the rows by due date; of two for one day the order stays."""
        self.rows.sort(key=lambda row: row.due)
        for number, row in enumerate(self.rows, 1):
            row.number = number
