"""One period of a progressive schedule, and the stretches of equal balance inside it.

A period knows what it must collect (``instalment``), what was paid of it, and how its interest came
about. Whatever follows from those is kept beside them and worked out anew by ``touch``: a change
moves on to the next period only as interest that found no room in this one.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from karez.engines.servicing.figures import ZERO, Figures


class Segment:
    """A stretch of a period in which the balance does not change.

    What is added to the balance (a disbursement, a correction, income made principal) takes effect
    on the last day of the stretch; what is credited back to the loan counts from its first day.
    """

    __slots__ = (
        "balance",
        "capitalised",
        "correction",
        "credited_interest",
        "credited_principal",
        "disbursed",
        "end",
        "factor",
        "factor_to_due",
        "paused",
        "start",
    )

    def __init__(self, start: date, end: date, *, paused: bool = False) -> None:
        self.start = start
        self.end = end
        self.factor = ZERO
        self.factor_to_due = ZERO
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
        twin.start = self.start
        twin.end = self.end
        twin.factor = self.factor
        twin.factor_to_due = self.factor_to_due
        twin.credited_principal = self.credited_principal
        twin.credited_interest = self.credited_interest
        twin.disbursed = self.disbursed
        twin.correction = self.correction
        twin.capitalised = self.capitalised
        twin.balance = self.balance
        twin.paused = self.paused
        return twin

    @property
    def added(self) -> int:
        """What the balance grows by after this stretch."""
        return self.disbursed + self.correction + self.capitalised


class Period:
    """From the day after ``start`` to ``due``, and what is to be collected on that day."""

    __slots__ = (
        "calculated_interest",
        "credited_interest",
        "credited_interest_moved",
        "credited_principal",
        "credited_principal_moved",
        "due",
        "due_interest",
        "due_principal",
        "figures",
        "fixed_interest",
        "flat",
        "following",
        "free",
        "holder",
        "instalment",
        "interest_grace",
        "later_interest",
        "lent_before",
        "moved_down",
        "moved_up",
        "original_instalment",
        "paid_interest",
        "paid_principal",
        "previous",
        "principal_grace",
        "raw_interest",
        "reaged",
        "segments",
        "start",
        "to_collect",
        "unrecognised",
    )

    def __init__(
        self, start: date, due: date, instalment: int, figures: Figures, *, flat: bool = False
    ) -> None:
        self.start = start
        self.due = due
        self.figures = figures
        self.flat = flat
        self.segments = [Segment(start, due)]
        self.previous: Period | None = None
        self.following: Period | None = None
        self.instalment = instalment
        self.original_instalment = instalment
        self.paid_principal = 0
        self.paid_interest = 0
        self.fixed_interest = 0  # an amount of interest that no day count changes
        self.later_interest = 0  # of later periods, collected here since they are paid already
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
        self.to_collect = instalment
        self.calculated_interest = 0
        self.due_interest = 0
        self.due_principal = 0
        self.unrecognised = 0

    def copy(self, previous: Period | None) -> Period:
        """Return an equal period after ``previous`` that can change on its own."""
        twin = Period.__new__(Period)
        twin.calculated_interest = self.calculated_interest
        twin.credited_interest = self.credited_interest
        twin.credited_interest_moved = self.credited_interest_moved
        twin.credited_principal = self.credited_principal
        twin.credited_principal_moved = self.credited_principal_moved
        twin.due = self.due
        twin.due_interest = self.due_interest
        twin.due_principal = self.due_principal
        twin.figures = self.figures
        twin.fixed_interest = self.fixed_interest
        twin.flat = self.flat
        twin.free = self.free
        twin.holder = self.holder
        twin.instalment = self.instalment
        twin.interest_grace = self.interest_grace
        twin.later_interest = self.later_interest
        twin.lent_before = self.lent_before
        twin.moved_down = self.moved_down
        twin.moved_up = self.moved_up
        twin.original_instalment = self.original_instalment
        twin.paid_interest = self.paid_interest
        twin.paid_principal = self.paid_principal
        twin.principal_grace = self.principal_grace
        twin.raw_interest = self.raw_interest
        twin.reaged = self.reaged
        twin.start = self.start
        twin.to_collect = self.to_collect
        twin.unrecognised = self.unrecognised
        twin.segments = [segment.copy() for segment in self.segments]
        twin.previous = previous
        twin.following = None
        if previous is not None:
            previous.following = twin
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
        collect = self.instalment + self.credited + self.later_interest
        interest = self.fixed_interest + self.later_interest
        if not self.moved_up and not self.moved_down:
            interest += raw
        if self.previous is not None:
            interest += self.previous.unrecognised
        interest = max(interest, 0)
        paid = self.paid_principal
        if self.interest_grace:
            due = self.paid_interest
        elif self.principal_grace:
            # It collects interest alone: principal that was paid here takes only its own room.
            due = max(min(interest, collect - paid), self.paid_interest)
        elif paid and paid > max(collect - interest, 0):
            due = self.paid_interest
        else:
            due = max(min(interest, collect), self.paid_interest)
        self.to_collect = collect
        self.calculated_interest = interest
        self.due_interest = due
        self.due_principal = max(collect - due, 0, self.paid_principal)
        self.unrecognised = max(interest - due, 0)

    def _interest(self) -> int:
        """Return the interest of the stretches, added exactly and rounded once."""
        principal = credited = 0
        total = ZERO
        for segment in self.segments:
            principal += segment.credited_principal
            credited += segment.credited_interest
            total = self.figures.exact(total, self.segment_interest(segment))
        self.credited_principal = max(principal, 0)
        self.credited_interest = max(credited, 0)
        return self.figures.minor(total)

    def segment_interest(self, segment: Segment) -> Decimal:
        """Return the unrounded interest of one stretch: its share by days of that till due."""
        credited = Decimal(segment.credited_interest)
        if segment.paused or self.free:
            return credited
        days_to_due = (self.due - segment.start).days
        if not days_to_due:
            return max(credited, ZERO)
        figures = self.figures
        base = self.lent_until(segment) if self.flat else segment.balance
        till_due = figures.multiply(Decimal(base), segment.factor_to_due)
        daily = figures.divide(till_due, Decimal(days_to_due))
        interest = figures.multiply(daily, Decimal((segment.end - segment.start).days))
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
        total = Decimal(1)
        for segment in self.segments:
            total = self.figures.exact(total, segment.factor)
        return total
