"""Payments, and credits that count as payments."""

from __future__ import annotations

from datetime import date

from karez.engines.servicing import older, paying, prepaying
from karez.engines.servicing.account import Account
from karez.engines.servicing.allocate import Allocator, pay_back
from karez.engines.servicing.events import Disbursement, Event, InterestRefund, Payment
from karez.engines.servicing.terms import (
    Allocation,
    AllocationRule,
    FutureRule,
    PaymentKind,
    PreClose,
)


def pays_off(account: Account, event: Event) -> bool:
    """Tell whether a payment is enough to pay the loan off if interest runs till the due date."""
    if not isinstance(event, Payment) or not account.follows:
        return False
    recalculation = account.terms.recalculation
    running = account.running(event.on)
    if (
        running is None
        or recalculation is None
        or recalculation.pre_close is not PreClose.TILL_REST_DATE
        or event.amount_minor < account.the_plan().outstanding_principal
    ):
        return False
    return event.amount_minor >= paying.open_on(account.the_plan(), running.due).total


def pay(account: Account, event: Payment) -> None:
    """Allocate a payment; what is left over is owed back to the borrower."""
    if event.kind is PaymentKind.CASH_REFUND:
        _refund_cash(account, event)
        return
    _keep_interest_till_rest(account, event)
    allocate(account, event, event.kind, event.amount_minor)


def refund_interest(account: Account, event: InterestRefund) -> None:
    """Give back interest that would not have run without what was refunded."""
    amount = event.amount_minor
    if amount is None:
        amount = refundable_interest(account, event)
    account.interest_refunded += amount
    if amount:
        allocate(account, event, PaymentKind.INTEREST_REFUND, amount)


def allocate(account: Account, event: Event, kind: PaymentKind, amount: int) -> None:
    """Put an amount on the rows by the rule for its kind."""
    allocation = account.terms.allocation
    if isinstance(allocation, Allocation):
        allocator = Allocator(account, allocation.rule(kind), event.on, amount)
        left = allocator.run()
        account.portions[event.number] = allocator.portions
        account.paid_rows[event.number] = allocator.touched
    elif account.declining is not None and not account.declining.is_over:
        left = prepaying.pay(account, account.declining, event.number, event.on, amount)
    else:
        left, account.portions[event.number] = older.pay(account, allocation, event.on, amount)
    if left > 0:
        account.overpaid += left
        account.overpayments.append((event.on, kind, left))


def _keep_interest_till_rest(account: Account, event: Payment) -> None:
    """Where interest runs till the rest date, a paid period still collects it on pay-off."""
    recalculation = account.terms.recalculation
    if (
        not account.pays_off
        or recalculation is None
        or recalculation.pre_close is not PreClose.TILL_REST_DATE
    ):
        return
    plan = account.the_plan()
    running = next((one for one in plan.periods if one.start <= event.on < one.due), None)
    if running is not None and running.is_paid:
        interest = paying.open_on(plan, running.due).interest
        if interest > 0:
            running.later_interest = interest
            running.touch()


def _refund_cash(account: Account, event: Payment) -> None:
    """Take back what was paid, in the order in which the rule for refunds says."""
    allocation = account.terms.allocation
    if not isinstance(allocation, Allocation):
        account.portions[event.number] = older.pay_back(
            account, allocation, event.on, event.amount_minor
        )
        return
    rule = allocation.by_kind.get(event.kind)
    if rule is None:
        # Without a rule of its own a refund undoes what the usual rule does, from its end.
        rule = AllocationRule(tuple(reversed(allocation.usual.order)), FutureRule.LAST_INSTALMENT)
    account.portions[event.number] = pay_back(account, rule, event.on, event.amount_minor)


def use_overpayments(account: Account) -> None:
    """Let payments that left something over pay what has become due, each by its own rule."""
    allocation = account.terms.allocation
    if not account.overpaid or not isinstance(allocation, Allocation):
        return
    remaining: list[tuple[date, PaymentKind, int]] = []
    for on, kind, over in account.overpayments:
        amount = min(account.overpaid, over)
        left = over
        if amount:
            unused = Allocator(account, allocation.rule(kind), on, amount).run()
            account.overpaid += unused - amount
            left = over - amount + unused
        if left:
            remaining.append((on, kind, left))
    account.overpayments = remaining


def refundable_interest(account: Account, event: InterestRefund) -> int:
    """Return the interest that would not have run if refunds had never been lent.

    The loan is folded as if what was refunded had been repaid on the day it was paid out.
    """
    before = paying.total_interest(account.the_plan(), event.on)
    kinds = account.terms.refunds_interest
    refunded = sum(
        done.amount_minor
        for done in account.done
        if isinstance(done, Payment) and done.kind in kinds
    )
    number = max(done.number for done in account.done) + 1
    events: list[Event] = []
    for done in account.done:
        if isinstance(done, InterestRefund) or (isinstance(done, Payment) and done.kind in kinds):
            continue
        events.append(done)
        if isinstance(done, Disbursement) and refunded > 0:
            amount = min(refunded, done.amount_minor)
            refunded -= amount
            events.append(
                Payment(number=number, on=done.on, posted_on=done.posted_on, amount_minor=amount)
            )
            number += 1
    twin = account.refold(events, event.on)
    after = paying.total_interest(twin.the_plan(), event.on)
    return max(before - account.interest_refunded - after, 0)
