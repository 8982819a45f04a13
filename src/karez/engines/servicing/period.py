"""One period of a progressive schedule, and the stretches of equal balance inside it.

A period knows what it must collect (``instalment``), what was paid of it, and how its interest came
about. Whatever follows from those is kept beside them and worked out anew by ``touch``: a change
moves on to the next period only as interest that found no room in this one.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from karez.engines.servicing.figures import ONE, ZERO

if TYPE_CHECKING:
    from karez.engines.servicing.plan import Plan


class Segment:
    """A stretch of a period in which the balance does not change.

    What is added to the balance (a disbursement, a correction, income made principal) takes effect
    on the last day of the stretch; what is credited back to the loan counts from its first day.
    """

    def __init__(self, start: date, end: date, *, paused: bool = False) -> None:
        self.start = start
        self.end = end
        self.factor = ZERO
        self.factor_to_due = ZERO
        self.days = ZERO
        self.days_to_due = ZERO
        self.credited_principal = 0
        self.credited_interest = 0
        self.disbursed = 0
        self.correction = 0
        self.capitalised = 0
        self.balance = 0
        self.paused = paused

    def copy(self) -> Segment:
        """Return an equal stretch that can change on its own."""
        twin = Segment.__new__(Segment)
        twin.__dict__ = self.__dict__.copy()
        return twin

    @property
    def added(self) -> int:
        """What the balance grows by after this stretch."""
        return self.disbursed + self.correction + self.capitalised


class Period:
    """From the day after ``start`` to ``due``, and what is to be collected on that day."""

    def __init__(self, plan: Plan, place: int, start: date, due: date, instalment: int) -> None:
        self.plan = plan
        self.place = place
        self.start = start
        self.due = due
        self.segments = [Segment(start, due)]
        self.previous: Period | None = None
        self.following: Period | None = None
        self.instalment = instalment
        self.original_instalment = instalment
        self.paid_principal = 0
        self.paid_interest = 0
        self.fixed_interest = 0  # an amount of interest that no day count changes
        self.later_interest = 0  # of later periods, collected here since they are paid already
        self.lent = 0  # disbursed, made principal or credited back in this period
        self.lent_before = 0  # disbursed and capitalised on or before the first day
        self.credited_principal_moved = 0
        self.credited_interest_moved = 0
        self.moved_up = False  # its interest is collected by an earlier period
        self.moved_down = False  # its interest is collected by re-aged periods
        self.free = False
        self.interest_grace = False
        self.principal_grace = False
        self.reaged = False
        self.holder = False  # keeps what was repaid before a re-age
        self.raw_interest: int | None = None
        self.credited_principal = 0
        self.credited_interest = 0
        self.to_collect = 0
        self.calculated_interest = 0
        self.due_interest = 0
        self.due_principal = 0
        self.unrecognised = 0

    def copy(self, plan: Plan, previous: Period | None) -> Period:
        """Return an equal period of another plan, after ``previous``, that can change alone."""
        twin = Period.__new__(Period)
        twin.__dict__ = self.__dict__.copy()
        twin.plan = plan
        twin.segments = [segment.copy() for segment in self.segments]
        twin.previous = previous
        twin.following = None
        return twin

    def collect(self, instalment: int) -> None:
        """Set what this period collects, interest and principal together."""
        self.instalment = instalment
        self.touch()

    @property
    def paid(self) -> int:
        """Principal and interest that were paid."""
        return self.paid_principal + self.paid_interest

    @property
    def is_closed(self) -> bool:
        """Whether all was paid and nothing that comes later changes what it collects."""
        return self.is_paid and not self.moved_up and self.due_principal <= self.paid_principal

    @property
    def is_paid(self) -> bool:
        """Whether all that it collects was paid."""
        return self.to_collect == self.paid_principal + self.paid_interest

    @property
    def credited(self) -> int:
        """What was credited back to the loan here and is collected with the instalment."""
        return (
            self.credited_principal
            + self.credited_interest
            - self.credited_principal_moved
            - self.credited_interest_moved
        )

    @property
    def outstanding_principal(self) -> int:
        """Principal that is due and not paid."""
        return max(self.due_principal - self.paid_principal, 0)

    @property
    def outstanding_interest(self) -> int:
        """Interest that is due and not paid."""
        return max(self.due_interest - self.paid_interest, 0)

    @property
    def end_balance(self) -> int:
        """The principal that is left after the due date if all that is due is paid."""
        last = self.segments[-1]
        return max(last.balance + last.added + self.paid_principal - self.due_principal, 0)

    def changed(self) -> None:
        """Work out interest and credits anew from the stretches, and what follows from them."""
        self.raw_interest = None
        lent = 0
        for segment in self.segments:
            lent += segment.disbursed + segment.credited_principal + segment.capitalised
        self.plan.lent_in_all += lent - self.lent
        self.lent = lent
        self.touch()

    def touch(self) -> None:
        """Work out what follows from this period's figures, here and as far as it reaches."""
        period: Period | None = self
        while period is not None:
            before = period.unrecognised
            period.derive()
            if period.unrecognised == before:
                return
            period = period.following

    def derive(self) -> None:
        """Work out due interest and due principal of this period alone.

        Interest that the instalment has no room for is unrecognised: the next period collects it.
        What was paid is due, even where less would be.
        """
        raw = self.raw_interest
        if raw is None:
            raw = self.raw_interest = self._interest()
        later = self.later_interest
        paid, paid_interest = self.paid_principal, self.paid_interest
        collect = self.instalment + later + self.credited
        interest = self.fixed_interest + later
        if not self.moved_up and not self.moved_down:
            interest += raw
        if self.previous is not None:
            interest += self.previous.unrecognised
        interest = max(interest, 0)
        if self.interest_grace:
            due = max(min(later, collect), paid_interest)
        elif self.principal_grace:
            # It collects interest alone: principal that was paid here takes only its own room.
            due = max(min(interest, collect - paid), paid_interest)
        elif paid and paid > max(collect - interest, 0):
            due = paid_interest
        else:
            due = max(min(interest, collect), paid_interest)
        self.plan.changed(self.place, collect - self.to_collect, due - self.due_interest)
        self.to_collect = collect
        self.calculated_interest = interest
        self.due_interest = due
        self.due_principal = max(collect - due, 0, paid)
        self.unrecognised = max(interest - due, 0)

    def _interest(self) -> int:
        """Return the interest of the stretches, added exactly and rounded once."""
        principal = credited = 0
        total = ZERO
        figures = self.plan.figures
        for segment in self.segments:
            principal += segment.credited_principal
            credited += segment.credited_interest
            total = figures.exact(total, self.segment_interest(segment))
        self.credited_principal = max(principal, 0)
        self.credited_interest = max(credited, 0)
        return figures.minor(total)

    def segment_interest(self, segment: Segment) -> Decimal:
        """Return the unrounded interest of one stretch: its share by days of that till due."""
        credited = Decimal(segment.credited_interest)
        if segment.paused or self.free:
            return credited
        if not segment.days_to_due:
            return max(credited, ZERO)
        figures = self.plan.figures
        base = self.lent_until(segment) if self.plan.flat else segment.balance
        till_due = figures.multiply(Decimal(base), segment.factor_to_due)
        daily = figures.divide(till_due, segment.days_to_due)
        interest = figures.multiply(daily, segment.days)
        return max(figures.add(credited, interest), ZERO)

    def lent_until(self, until: Segment | None) -> int:
        """Return all that was lent before a stretch of this period, or by its end."""
        lent = self.lent_before
        for segment in self.segments:
            if segment is until:
                break
            if segment.end != self.start:
                lent += segment.disbursed + segment.capitalised
        return lent

    def opening_balance(self) -> int:
        """Return the principal that this and later periods have to pay off."""
        before = self.previous.end_balance if self.previous is not None else 0
        return before + sum(segment.disbursed + segment.capitalised for segment in self.segments)

    def settle(self) -> None:
        """Carry the balance through the stretches, and work out what follows."""
        if self.carry_balance():
            self.touch()

    def carry_balance(self) -> bool:
        """Carry the balance from the end of the period before; tell whether that changed any."""
        changed = False
        previous = self.previous
        balance = 0
        for place, segment in enumerate(self.segments):
            if place:
                before = self.segments[place - 1]
                balance = max(before.balance + before.added, 0)
            elif previous is not None:
                balance = previous.end_balance
            else:
                balance = segment.balance
            if segment.balance != balance:
                segment.balance = balance
                changed = True
        if changed:
            self.raw_interest = None
        return changed

    def grow_factor(self) -> Decimal:
        """Return one plus the factors of the stretches: what a balance grows by."""
        total = ONE
        for segment in self.segments:
            total = self.plan.figures.exact(total, segment.factor)
        return total
