"""Questions about a loan as it stands: what would pay it off, how long it has been in arrears."""

from __future__ import annotations

from datetime import date

from karez.engines.servicing import paying
from karez.engines.servicing.account import Account
from karez.engines.servicing.events import Disbursement, Payment
from karez.engines.servicing.figures import Figures
from karez.engines.servicing.terms import Bucket, PaymentKind, PreClose, Terms


def payoff_minor(account: Account, on: date) -> int:
    """Return the minor units that would pay the loan off on a day.

    The loan is to be folded as of that day. Interest runs until it, or until the rest date if the
    terms say so; fees and penalties that are open are part of it.
    """
    open_ = [sum(max(row.open(bucket), 0) for row in account.rows) for bucket in Bucket]
    if account.follows:
        plan = account.the_plan()
        extra = sum(row.open(Bucket.PRINCIPAL) for row in account.rows if row.due > plan.maturity)
        extra += sum(row.open(Bucket.PRINCIPAL) for row in account.rows if row.down_payment)
        due = paying.open_on(plan, _interest_until(account, on))
        open_[Bucket.PRINCIPAL] = due.principal + extra
        open_[Bucket.INTEREST] = due.interest
    return sum(open_)


def _interest_until(account: Account, on: date) -> date:
    recalculation = account.terms.recalculation
    if recalculation is not None and recalculation.pre_close is PreClose.TILL_REST_DATE:
        running = next((row for row in account.rows if row.start < on < row.due), None)
        if running is not None:
            return running.due
    return on


def arrears_days(account: Account, on: date) -> int:
    """Return the age in days of the oldest instalment that is overdue; 0 if none is."""
    late = [row.due for row in account.rows if row.due < on and row.outstanding > 0]
    return (on - min(late)).days if late else 0


def automatic_down_payment(
    terms: Terms, event: Disbursement, number: int, overpaid_minor: int = 0
) -> Payment | None:
    """Return the payment that goes with a disbursement if down payments are automatic.

    What had been paid too much before pays the down payment first.
    """
    down = terms.down_payment
    if down is None or not down.automatic:
        return None
    figures = Figures(terms.rounding, terms.decimals)
    amount = figures.percent(event.amount_minor, down.pct)
    amount = figures.to_multiple(amount, terms.multiple_minor)
    amount -= overpaid_minor
    if amount <= 0:
        return None
    return Payment(
        number=number,
        on=event.on,
        posted_on=event.posted_on,
        amount_minor=amount,
        kind=PaymentKind.DOWN_PAYMENT,
    )
