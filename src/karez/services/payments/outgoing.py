"""What a payment that went out is: one that takes back another, or one that the book has already.

Pure. Whatever is not certain waits for somebody to look at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import attrs

from karez.services.payments.matching import mentions
from karez.services.payments.statement import StatementEntry


@attrs.frozen
class Share:
    """A part of a payment that came in, by the act that placed it; on suspense it has no loan."""

    act_number: int
    amount_minor: int
    loan_number: int | None
    event_number: int | None


@attrs.frozen
class Original:
    """A payment that came in and stands, as far as ``shares`` say."""

    entry_number: int
    amount_minor: int
    end_to_end: str
    bank_reference: str
    account: str
    shares: tuple[Share, ...]

    @property
    def is_whole(self) -> bool:
        """Whether each part of it can be taken back by itself."""
        return sum(share.amount_minor for share in self.shares) == self.amount_minor


@attrs.frozen
class Outflow:
    """Money that the book has sent out and no statement has shown: a return, or on a loan.

    ``payout`` is the id that it has in a file for the bank.
    """

    amount_minor: int
    on: date
    act_number: int | None = None
    account: str = ""
    end_to_end: str = ""
    loan_number: int | None = None
    event_number: int | None = None
    payout: str = ""
    rule: str = "disbursement"

    @property
    def thing(self) -> tuple[int | None, int | None, int | None]:
        """What was sent out, however it is matched."""
        return self.loan_number, self.event_number, self.act_number


def match_reversal(entry: StatementEntry, originals: Sequence[Original]) -> Original | None:
    """Return the payment that a reversal takes back, if it can be only one.

    The end-to-end id tells, else the bank's reference, else the account it came from.
    """
    same = [each for each in originals if each.amount_minor == -entry.amount_minor]
    for field in ("end_to_end", "bank_reference", "account"):
        said = getattr(entry, field)
        found = [each for each in same if said and getattr(each, field) == said]
        if found:
            return found[0] if len(found) == 1 and found[0].is_whole else None
    return None


def match_outflow(entry: StatementEntry, outflows: Sequence[Outflow]) -> Outflow | None:
    """Return what the book sent out and this payment shows, if it can be only one.

    The amount is the same, and the payment carries the id of a file for the bank; or names the
    loan, goes to the account, or carries the end-to-end id of what is given back.
    """
    for each in outflows:
        if each.payout and each.payout == entry.end_to_end:
            return each if each.amount_minor == -entry.amount_minor else None
    named = {each.number for _, each in mentions(entry)}
    found = [
        each
        for each in outflows
        if each.amount_minor == -entry.amount_minor
        and not each.payout
        and (
            each.loan_number in named
            or (each.account and each.account == entry.account)
            or (each.end_to_end and each.end_to_end == entry.end_to_end)
        )
    ]
    return found[0] if len(found) == 1 else None
