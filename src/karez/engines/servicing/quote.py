"""Questions about a loan as it stands: what would pay it off, how long it has been in arrears."""

from __future__ import annotations

from datetime import date

from karez.engines.servicing.account import Account
from karez.engines.servicing.errors import PayoffUnknownError
from karez.engines.servicing.events import Disbursement, Payment
from karez.engines.servicing.figures import Figures
from karez.engines.servicing.terms import PaymentKind, Terms

_TRIES = 4


def payoff_minor(account: Account, on: date) -> int:
    """Return the minor units that, paid on a day, leave nothing open and nothing over.

    The loan is to be folded as of that day. The answer is found by paying: what a payment that is
    surely too large leaves over was not needed, whatever the terms say of interest until the day,
    of the order of allocation and of instalments in advance.

    Raises:
        PayoffUnknownError: no single amount pays the loan off on that day.
    """
    owed = sum(sum(row.owed) for row in account.rows)
    if not any(row.outstanding > 0 for row in account.rows):
        return 0
    amount = 2 * owed + account.lent
    for _ in range(_TRIES):
        paid = _paid_off(account, on, amount)
        missing = sum(row.outstanding for row in paid.rows)
        over = paid.overpaid - account.overpaid
        if not missing and not over:
            return amount
        amount = max(amount + missing - over, 1)
    raise PayoffUnknownError(on=on)


def _paid_off(account: Account, on: date, amount_minor: int) -> Account:
    """Return the loan with one more payment on a day, after all else of that day."""
    events = list(account.events.values())
    number = max(event.number for event in events) + 1
    posted_on = max(on, *(event.posted_on for event in events))
    payment = Payment(number=number, on=on, posted_on=posted_on, amount_minor=amount_minor)
    return account.refold([*events, payment], on)


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
