"""The clerk who looks each Monday at what waits: payments without a loan, and money to be sent.

What is done follows from what lies there, so a demonstration that was stopped goes on alike.
"""

from __future__ import annotations

from datetime import date

from karez.doors.cli.demo.bank import ACCOUNT, Bank, Booking
from karez.doors.cli.demo.story import Story
from karez.kernel.errors import KarezError
from karez.services import payments
from karez.services.payments import BANK, Clerk, PaymentView, Sender
from karez.services.payments.errors import NothingToSendError

_MONDAY, _TUESDAY = 0, 1
_LEAST_DAYS, _PATIENCE_DAYS = 3, 30


def place_what_waits(bank: Bank, day: date, loans: dict[str, list[int]]) -> None:
    """Place what can be placed; what nobody missed for a month goes back.

    What goes back, and what was paid out on loans, goes by a file for the bank.

    ``loans`` has the loans of each borrower by the name.
    """
    if day.weekday() != _MONDAY:
        return
    clerk = Clerk("clerk", day)
    for view in payments.list_queue(bank.books):
        age_days = view.age_days(day)
        if age_days < _LEAST_DAYS or view.entry.amount_minor < 0:
            continue
        found = view.candidates or _named(view, loans)
        if len(found) == 1 and _assign(bank, view, found[0], clerk):
            continue
        if age_days > _PATIENCE_DAYS:
            payments.give_back(bank.books, view.entry_number, clerk)
    try:
        made = payments.send_payouts(bank.books, clerk, Sender(ACCOUNT, channel=BANK))
    except NothingToSendError:
        return
    bank.receive(made)


def _named(view: PaymentView, loans: dict[str, list[int]]) -> list[int]:
    """Return the loans of the borrower whom the text names."""
    _, _, name = view.entry.remittance.partition("for ")
    return loans.get(name, [])


def _assign(bank: Bank, view: PaymentView, loan: int, clerk: Clerk) -> bool:
    try:
        payments.assign(bank.books, view.entry_number, {str(loan): None}, clerk)
    except KarezError:
        return False  # the loan takes nothing any more
    return True


def paid_by_the_bank(bank: Bank, day: date) -> list[Booking]:
    """Return what the bank pays of the files that it has, on Tuesdays."""
    if day.weekday() != _TUESDAY:
        return []
    return [
        Booking(-each.amount_minor, each.name, end_to_end=each.end_to_end)
        for file in payments.list_payout_files(bank.books)
        for each in file.payouts
        if file.state == "sent"
    ]


def tell_payments(story: Story, bank: Bank) -> None:
    """Tell what came through the bank, what the clerk did with it, and what still waits."""
    acts = payments.count_acts(bank.books)
    waiting = payments.list_queue(bank.books)
    files = payments.list_payout_files(bank.books)
    open_minor = sum(view.open_minor for view in waiting)
    story.fact(
        "statements", len(bank.taken),
        f"{len(bank.taken):,} statements of the bank: {acts.get('match', 0):,} payments found their"
        f" loans, {acts.get('hold', 0):,} waited for the clerk.",
    )  # fmt: skip
    story.fact(
        "placed", acts.get("assign", 0),
        f"{acts.get('assign', 0):,} of these were placed, {acts.get('return', 0):,} go back, and"
        f" {len(waiting):,} wait still.",
    )  # fmt: skip
    sent = sum(len(file.payouts) for file in files)
    story.fact(
        "payouts", sent,
        f"{sent:,} payouts went to the bank by {len(files):,} files;"
        f" {acts.get('confirm', 0):,} are on its statements.",
    )  # fmt: skip
    story.facts["waiting"] = {"payments": len(waiting), "amount_minor": open_minor}
