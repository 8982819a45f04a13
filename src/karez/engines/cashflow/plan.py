"""When what happens: the events of a contract before any amount is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import attrs

from karez.engines.cashflow.codes import (
    ORDER,
    BusinessDay,
    ContractType,
    EventType,
    InterestBase,
    PrepaymentEffect,
)
from karez.engines.cashflow.cycles import Cycle, cycle_dates, shift
from karez.engines.cashflow.days import midnight
from karez.engines.cashflow.terms import Terms

_T = TypeVar("_T")
FAR = datetime(9000, 1, 1)  # noqa: DTZ001 - the dictionary's instants have no zone


@attrs.frozen
class Planned:
    """An event to come: the date in the schedule, that shown, and that interest runs to."""

    kind: EventType
    scheduled: datetime
    shown: datetime
    runs_to: datetime
    amount: Decimal | None = None
    """What the terms or an observation say of this one event: an amount, or a rate."""
    effect: PrepaymentEffect | None = None

    @property
    def place(self) -> tuple[datetime, int, datetime]:
        """Where it stands among the events of its contract."""
        return midnight(self.shown), ORDER[self.kind], midnight(self.runs_to)


@attrs.frozen
class Planner:
    """Makes the events of one contract. ``horizon`` is where what never ends is cut."""

    terms: Terms
    horizon: datetime
    is_open: Callable[[date], bool]

    def plan(self, *, maturity: datetime | None, fixes_payment: bool) -> list[Planned]:
        """Return the events of a loan, a deposit or call money, not yet sorted.

        ``maturity`` is the contractual one or that derived from the payment; ``fixes_payment``
        whether the payment is computed, which is an event of its own.
        """
        terms, end = self.terms, maturity or self.horizon
        events = self._fixed(EventType.IED, terms.initial_exchange_date)
        events += self._fixed(EventType.PRD, terms.purchase_date)
        events += self._fixed(EventType.TD, terms.termination_date)
        if maturity is not None:
            derived = terms.maturity_date is None
            events.append(self.at(EventType.MD, maturity, moves=derived))
        if terms.contract_type is ContractType.LAX:
            events += self.redemptions_of_segments(end)
        else:
            events += self.cyclical(EventType.PR, self.redemption_dates(end)[:-1])
        events += self._interest(end, matures=maturity is not None)
        events += self._resets(end)
        events += self._rest(end)
        if fixes_payment:
            events += self._payment_fixings(events, end)
        return events

    def redemption_dates(self, end: datetime) -> list[datetime]:
        """Return the dates of redemption, ``end`` the last; empty where there is no cycle."""
        terms = self.terms
        if terms.contract_type not in {ContractType.LAM, ContractType.NAM, ContractType.ANN}:
            return []
        return self._cycle(
            terms.cycle_anchor_date_of_principal_redemption,
            terms.cycle_of_principal_redemption,
            end,
            with_end=True,
        )

    def at(
        self, kind: EventType, when: datetime, *, moves: bool = True, amount: Decimal | None = None
    ) -> Planned:
        """Return an event; ``moves`` where a holiday moves the date that is shown."""
        code = self.terms.business_day_convention
        shifted = self.shifted(when)
        return Planned(
            kind,
            scheduled=when,
            shown=shifted if moves else when,
            runs_to=shifted if code.shifts_first else when,
            amount=amount,
        )

    def shifted(self, when: datetime) -> datetime:
        """Return the business day that a date moves to."""
        if self.terms.business_day_convention is BusinessDay.NOS:
            return when
        return shift(when, self.terms.business_day_convention, self.is_open)

    def cyclical(self, kind: EventType, dates: Iterable[datetime]) -> list[Planned]:
        """Return an event of one kind on each date."""
        return [self.at(kind, when) for when in dates]

    def dividends(self) -> list[Planned]:
        """Return the dividends of a share, the horizon included."""
        terms = self.terms
        dates = self._cycle(
            terms.cycle_anchor_date_of_dividend_payment,
            terms.cycle_of_dividend_payment,
            self.horizon + timedelta(days=1),
            with_end=False,
        )
        return self.cyclical(EventType.DV, dates)

    def fees(self, end: datetime) -> list[Planned]:
        """Return the fee payments, the last at the end."""
        terms = self.terms
        if terms.fee_rate is None:
            return []
        dates = self._cycle(terms.cycle_anchor_date_of_fee, terms.cycle_of_fee, end, with_end=True)
        return self.cyclical(EventType.FP, dates)

    def _cycle(
        self, anchor: datetime | None, cycle: Cycle | None, end: datetime, *, with_end: bool
    ) -> list[datetime]:
        """Return the dates of a cycle; without an anchor it starts one cycle after the exchange."""
        terms = self.terms
        if anchor is None and cycle is None:
            return []
        if anchor is None:
            begin = terms.initial_exchange_date or terms.status_date
            to_month_end = cycle is not None and cycle.keeps_month_end(
                begin, terms.end_of_month_convention
            )
            anchor = cycle.after(begin, 1, to_month_end=to_month_end) if cycle else begin
        return cycle_dates(
            anchor, cycle, end, convention=terms.end_of_month_convention, with_end=with_end
        )

    def _fixed(self, kind: EventType, when: datetime | None) -> list[Planned]:
        return [] if when is None else [self.at(kind, when, moves=False)]

    def _interest(self, end: datetime, *, matures: bool) -> list[Planned]:
        """Return interest payments, those up to the end of capitalisation as capitalisations."""
        terms = self.terms
        dates = self._interest_dates(end, matures=matures)
        if terms.contract_type is ContractType.CLM:
            final = [self.at(EventType.IP, end, moves=False)] if matures else []
            return self.cyclical(EventType.IPCI, dates) + final
        if terms.contract_type is ContractType.UMP:
            return self.cyclical(EventType.IPCI, dates)
        until = terms.capitalization_end_date
        if until is None:
            return self._payments(dates, end)
        before = [when for when in dates if midnight(when) < midnight(until)]
        after = [when for when in dates if midnight(when) > midnight(until)]
        return [
            *self.cyclical(EventType.IPCI, before),
            self.at(EventType.IPCI, until, moves=False),
            *self._payments(after, end),
        ]

    def _payments(self, dates: Sequence[datetime], end: datetime) -> list[Planned]:
        """Return interest payments; that at a contractual maturity stays with it."""
        stays = self.terms.maturity_date
        return [
            self.at(EventType.IP, when, moves=stays is None or when != stays or when != end)
            for when in dates
        ]

    def _interest_dates(self, end: datetime, *, matures: bool) -> list[datetime]:
        terms = self.terms
        anchor = terms.cycle_anchor_date_of_interest_payment
        cycle = terms.cycle_of_interest_payment
        if terms.contract_type in {ContractType.CLM, ContractType.UMP}:
            if terms.contract_type is ContractType.CLM and anchor is None:
                anchor = terms.initial_exchange_date
            return [] if cycle is None else self._cycle(anchor, cycle, end, with_end=False)
        if terms.contract_type is ContractType.LAX:
            return self._array_interest_dates(end)
        if terms.contract_type in {ContractType.NAM, ContractType.ANN}:
            redemptions = self.redemption_dates(end)
            first = midnight(redemptions[0]) if redemptions else midnight(end)
            own = self._cycle(anchor, cycle, end, with_end=False)
            return [when for when in own if midnight(when) < first] + (redemptions or [end])
        dates = self._cycle(anchor, cycle, end, with_end=matures)
        return dates or ([end] if matures else [])

    def _array_interest_dates(self, end: datetime) -> list[datetime]:
        terms = self.terms
        anchors = terms.array_cycle_anchor_date_of_interest_payment
        if not anchors:
            dates = self._cycle(
                terms.cycle_anchor_date_of_interest_payment,
                terms.cycle_of_interest_payment,
                end,
                with_end=False,
            )
            return [*dates, end]
        dates: list[datetime] = []
        for _, begin, cycle, until in segments(anchors, terms.array_cycle_of_interest_payment, end):
            dates += self._segment_dates(begin, cycle, until)
        return [*dates, end]

    def _segment_dates(
        self, begin: datetime, cycle: Cycle | None, until: datetime
    ) -> list[datetime]:
        convention = self.terms.end_of_month_convention
        return cycle_dates(begin, cycle, until, convention=convention, with_end=False)

    def redemptions_of_segments(self, end: datetime) -> list[Planned]:
        """Return the redemptions and increases of an exotic amortiser."""
        terms = self.terms
        events: list[Planned] = []
        for place, begin, cycle, until in segments(
            terms.array_cycle_anchor_date_of_principal_redemption,
            terms.array_cycle_of_principal_redemption,
            end,
        ):
            increases = _of_segment(terms.array_increase_decrease, place) == "INC"
            amount = _of_segment(terms.array_next_principal_redemption_payment, place)
            kind = EventType.PI if increases else EventType.PR
            events += [
                self.at(kind, when, amount=amount)
                for when in self._segment_dates(begin, cycle, until)
            ]
        return events

    def _resets(self, end: datetime) -> list[Planned]:
        """Return the rate resets, the first to come at the rate that is known where one is."""
        terms = self.terms
        events: list[Planned] = []
        for place, begin, cycle, until in segments(
            terms.array_cycle_anchor_date_of_rate_reset, terms.array_cycle_of_rate_reset, end
        ):
            fixed = _of_segment(terms.array_fixed_variable, place) == "FIX"
            rate = _of_segment(terms.array_rate, place)
            events += [
                self.at(EventType.RRF if fixed else EventType.RR, when, amount=rate)
                for when in self._segment_dates(begin, cycle, until)
            ]
        dates = self._cycle(
            terms.cycle_anchor_date_of_rate_reset, terms.cycle_of_rate_reset, end, with_end=False
        )
        resets = self.cyclical(EventType.RR, dates)
        if terms.next_reset_rate is not None:
            status = midnight(terms.status_date)
            first = next((n for n, e in enumerate(resets) if midnight(e.shown) > status), None)
            if first is not None:
                known = attrs.evolve(
                    resets[first], kind=EventType.RRF, amount=terms.next_reset_rate
                )
                resets[first] = known
        return events + resets

    def _rest(self, end: datetime) -> list[Planned]:
        terms = self.terms
        events = self.fees(end)
        if set(terms.scaling_effect) & set("IN"):
            events += self.cyclical(
                EventType.SC,
                self._cycle(
                    terms.cycle_anchor_date_of_scaling_index,
                    terms.cycle_of_scaling_index,
                    end,
                    with_end=False,
                ),
            )
        if terms.interest_calculation_base is InterestBase.NTL:
            events += self.cyclical(
                EventType.IPCB,
                self._cycle(
                    terms.cycle_anchor_date_of_interest_calculation_base,
                    terms.cycle_of_interest_calculation_base,
                    end,
                    with_end=False,
                ),
            )
        return events

    def _payment_fixings(self, events: Sequence[Planned], end: datetime) -> list[Planned]:
        """Return the fixings of the payment: the day before the first redemption, after each reset.

        A shifted first redemption could come before its fixing, so the fixing goes before it.
        Where that would be before the contract begins, it is fixed as it begins, without an event.
        """
        terms = self.terms
        begin = max(midnight(terms.status_date), midnight(terms.initial_exchange_date or FAR))
        if terms.has_begun:
            begin = midnight(terms.status_date)
        resets = [
            attrs.evolve(event, kind=EventType.PRF, amount=None)
            for event in events
            if event.kind in {EventType.RR, EventType.RRF}
        ]
        dates = self.redemption_dates(end)
        ahead = [when for when in dates if midnight(when) > midnight(terms.status_date)]
        if not ahead:
            return resets
        when = min(ahead[0], self.shifted(ahead[0])) - timedelta(days=1)
        if midnight(when) < begin or (terms.has_begun and midnight(when) == begin):
            return resets
        return [self.at(EventType.PRF, when, moves=False), *resets]


def segments(
    anchors: Sequence[datetime], cycles: Sequence[Cycle], end: datetime
) -> list[tuple[int, datetime, Cycle | None, datetime]]:
    """Return place, beginning, cycle and end of each segment of an array schedule.

    A segment ends where the next begins. One cycle stands for all; none makes one date a segment.
    """
    parts: list[tuple[int, datetime, Cycle | None, datetime]] = []
    for place, begin in enumerate(anchors):
        until = anchors[place + 1] if place + 1 < len(anchors) else end
        cycle = cycles[min(place, len(cycles) - 1)] if cycles else None
        parts.append((place, begin, cycle, min(until, end)))
    return parts


def _of_segment(values: Sequence[_T], place: int) -> _T | None:
    """Return what an array says of a segment; its last value stands for those after it."""
    return values[min(place, len(values) - 1)] if values else None
