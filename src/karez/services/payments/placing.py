"""The queue of payments that wait, and what people do with them. Each act can be taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from karez.books.money.account import find_account
from karez.engines.servicing.events import Event, Payment, Undo
from karez.kernel.money import currency, format_amount
from karez.services.bookkeeping import Books, derive_id
from karez.services.lending import (
    Command,
    Outcome,
    find_loan,
    record_within,
)
from karez.services.payments.desk import SUSPENSE, Act, Clerk, Desk, read_acts
from karez.services.payments.errors import (
    AssignDebitError,
    ChannelCurrencyError,
    LoanCurrencyError,
    NothingToUndoError,
    NotOnSuspenseError,
    PaymentUnknownError,
)
from karez.services.payments.gathering import loan_ids
from karez.services.payments.queries import QUERIES
from karez.services.payments.statement import StatementEntry

if TYPE_CHECKING:
    import psycopg


@attrs.frozen(kw_only=True)
class PaymentView:
    """A payment as it was told, all that was done with it, and what of it lies on suspense."""

    entry_number: int
    statement_number: int
    entry: StatementEntry
    currency: str
    channel: str
    acts: Sequence[Act]

    @property
    def open_minor(self) -> int:
        """What lies on suspense."""
        return sum(act.suspense_minor for act in self.acts)

    @property
    def reason(self) -> str:
        """Why it was put there last."""
        put = [act.reason for act in self.acts if act.kind in {"hold", "undo"} and act.reason]
        return put[-1] if put else ""

    @property
    def candidates(self) -> list[int]:
        """The loans that it may be for."""
        for act in self.acts:
            if "candidates" in act.evidence:
                return list(act.evidence["candidates"])
        return []

    def age_days(self, on: date) -> int:
        """Return for how many days it has been here."""
        return (on - self.entry.booked_on).days


def list_queue(books: Books) -> list[PaymentView]:
    """Return the payments of which something lies on suspense, the oldest first."""
    with books.transaction() as connection:
        numbers = [row[0] for row in connection.execute(QUERIES["queue"].text)]
        found = view_payments(connection, numbers)
        return [found[number] for number in numbers]


def find_payment(books: Books, entry_number: int) -> PaymentView:
    """Return one payment.

    Raises:
        PaymentUnknownError: there is none with this number.
    """
    with books.transaction() as connection:
        return _view(connection, entry_number)


def view_payments(
    connection: psycopg.Connection, numbers: Collection[int]
) -> dict[int, PaymentView]:
    """Return payments by their numbers."""
    asked = {"entries": list(numbers)}
    acts = read_acts(connection, asked["entries"])
    found: dict[int, PaymentView] = {}
    names = (
        "part", "payments", "booked_on", "valid_on", "amount_minor", "is_reversal",
        "bank_reference", "end_to_end", "mandate", "creditor_reference", "remittance", "name",
        "account", "code",
    )  # fmt: skip
    for row in connection.execute(QUERIES["entries"].text, asked):
        number, statement_number, line, *told, code, channel = row
        entry = StatementEntry(line=line, group=0, **dict(zip(names, told, strict=True)))
        found[number] = PaymentView(
            entry_number=number,
            statement_number=statement_number,
            entry=entry,
            currency=code,
            channel=channel,
            acts=acts[number],
        )
    return found


def _view(connection: psycopg.Connection, entry_number: int) -> PaymentView:
    found = view_payments(connection, [entry_number])
    if entry_number not in found:
        raise PaymentUnknownError(entry=entry_number)
    return found[entry_number]


def assign(
    books: Books,
    entry_number: int,
    parts: Mapping[str, int | None],
    clerk: Clerk,
) -> list[Outcome]:
    """Move a payment from suspense to loans, so much to each; None is all that is left.

    The payments on the loans count from the day on which the payment came in.

    Raises:
        PaymentUnknownError, LoanUnknownError: there is no such payment or loan.
        NotOnSuspenseError: less lies there.
        AssignDebitError: it went out.
        LoanCurrencyError: a loan is in another currency.

    Else raises the error by which lending refuses; then nothing is moved.
    """
    on = clerk.business_date(books)
    loans = [(find_loan(books, name), amount_minor) for name, amount_minor in parts.items()]
    with books.transaction() as connection:
        desk = Desk.take(books, connection)
        view = _view(connection, entry_number)
        if view.entry.amount_minor < 0:
            raise AssignDebitError(entry=entry_number)
        left_minor = view.open_minor
        commands: list[Command] = []
        acts: list[Act] = []
        for loan, asked_minor in loans:
            if loan.currency != view.currency:
                raise LoanCurrencyError(
                    loan=loan.loan_number, kept=loan.currency, entry=entry_number,
                    given=view.currency,
                )  # fmt: skip
            amount_minor = left_minor if asked_minor is None else asked_minor
            _check_open(view, left_minor, amount_minor)
            left_minor -= amount_minor
            number = desk.next("acts")
            event = Payment(
                number=0, on=view.entry.counts_on, posted_on=on, amount_minor=amount_minor
            )
            commands.append(_command(loan.loan_id, event, number, clerk, SUSPENSE))
            act = _moving(view, "assign", amount_minor, view.entry.counts_on, clerk)
            acts.append(attrs.evolve(act, act_number=number))
        outcomes = record_within(books, connection, commands, on=on)
        for act, outcome in zip(acts, outcomes, strict=True):
            if outcome.error is not None:
                raise outcome.error
            placed = {"loan_number": outcome.loan_number, "event_number": outcome.event}
            desk.act(attrs.evolve(act, **placed))
        desk.write()
    return outcomes


def _command(
    loan_id: UUID, event: Event, act_number: int, clerk: Clerk, channel: str | None
) -> Command:
    return Command(
        loan=loan_id,
        event=event,
        actor=clerk.actor,
        reason=clerk.reason,
        channel=channel,
        command_id=derive_id("payments", "act", str(act_number)),
    )


def _check_open(view: PaymentView, left_minor: int, amount_minor: int) -> None:
    within = 0 < amount_minor <= left_minor if left_minor > 0 else left_minor <= amount_minor < 0
    if not within:
        unit = currency(view.currency)
        raise NotOnSuspenseError(
            entry=view.entry_number,
            open=f"{format_amount(left_minor, unit)} {unit.code}",
            asked=f"{format_amount(amount_minor, unit)} {unit.code}",
        )


def _moving(view: PaymentView, kind: str, amount_minor: int, on: date, clerk: Clerk) -> Act:
    """Return the act by which so much leaves suspense."""
    return Act(
        entry_number=view.entry_number,
        kind=kind,
        amount_minor=amount_minor,
        suspense_minor=-amount_minor,
        reason=clerk.reason,
        valid_on=on,
        actor=clerk.actor,
    )


def place(
    books: Books,
    entry_number: int,
    ledger: str,
    clerk: Clerk,
    *,
    amount_minor: int | None = None,
) -> int:
    """Move a payment from suspense to an account of the chart: a fee of the bank, interest on it.

    Returns what was moved; negative for a payment that went out.

    Raises:
        PaymentUnknownError, AccountUnknownError: there is no such payment or account.
        ChannelCurrencyError: the account keeps another currency.
        NotOnSuspenseError: less lies there.
    """
    on = clerk.business_date(books)
    with books.transaction() as connection:
        desk = Desk.take(books, connection)
        view = _view(connection, entry_number)
        kept = find_account(connection, ledger).currency
        if kept != view.currency:
            what = f"payment {entry_number}"
            raise ChannelCurrencyError(channel=ledger, kept=kept, account=what, given=view.currency)
        moved_minor = view.open_minor if amount_minor is None else amount_minor
        _check_open(view, view.open_minor, moved_minor)
        act = _moving(view, "place", moved_minor, on, clerk)
        number = desk.act(attrs.evolve(act, ledger=ledger))
        desk.shift(number, "placed", (SUSPENSE, ledger), moved_minor, on)
        desk.write()
    return moved_minor


def give_back(
    books: Books,
    entry_number: int,
    clerk: Clerk,
    *,
    amount_minor: int | None = None,
) -> int:
    """Send a payment, or what is left of it, back to whom it came from; return how much.

    It leaves the bank's account in the book now; the statement that shows it confirms it.

    Raises:
        PaymentUnknownError: there is no such payment.
        AssignDebitError: it went out.
        NotOnSuspenseError: less lies there.
    """
    on = clerk.business_date(books)
    with books.transaction() as connection:
        desk = Desk.take(books, connection)
        view = _view(connection, entry_number)
        if view.entry.amount_minor < 0:
            raise AssignDebitError(entry=entry_number)
        back_minor = view.open_minor if amount_minor is None else amount_minor
        _check_open(view, view.open_minor, back_minor)
        act = _moving(view, "return", back_minor, on, clerk)
        number = desk.act(attrs.evolve(act, ledger=view.channel))
        desk.shift(number, "returned", (SUSPENSE, view.channel), back_minor, on)
        desk.write()
    return back_minor


def unassign(
    books: Books,
    entry_number: int,
    clerk: Clerk,
    *,
    act_number: int | None = None,
) -> list[Act]:
    """Take back what was done with a payment: all of it, or one act. It lies on suspense again.

    Payments on loans are undone, as if they had never been; a return that neither a file for the
    bank has nor a statement has shown yet is taken back.

    Raises:
        PaymentUnknownError: there is no such payment.
        NothingToUndoError: nothing was done that stands, or a statement has confirmed it.
    """
    on = clerk.business_date(books)
    with books.transaction() as connection:
        desk = Desk.take(books, connection)
        view = _view(connection, entry_number)
        undone = _standing_acts(connection, view, act_number)
        numbers = [desk.next("acts") for _ in undone]
        ids = loan_ids(connection, [act.loan_number for act in undone if act.loan_number])
        commands = [
            _command(
                ids[act.loan_number],
                Undo(number=0, on=on, posted_on=on, undone=act.event_number or 0),
                number, clerk, None,
            )
            for act, number in zip(undone, numbers, strict=True)
            if act.loan_number is not None
        ]  # fmt: skip
        outcomes = iter(record_within(books, connection, commands, on=on))
        made: list[Act] = []
        for act, number in zip(undone, numbers, strict=True):
            mirror = Act(
                act_number=number,
                entry_number=entry_number,
                kind="undo",
                amount_minor=-act.amount_minor,
                suspense_minor=act.amount_minor,
                ledger=act.ledger,
                mirrors=act.act_number,
                reason=clerk.reason,
                valid_on=on,
                actor=clerk.actor,
            )
            if act.loan_number is not None:
                outcome = next(outcomes)
                if outcome.error is not None:
                    raise outcome.error
                placed = {"loan_number": outcome.loan_number, "event_number": outcome.event}
                mirror = attrs.evolve(mirror, **placed)
            if act.kind == "match":
                # The undo gave it back to the bank's account, from where it came.
                sides = (view.channel, SUSPENSE)
                desk.shift(number, "held", sides, act.amount_minor, view.entry.counts_on)
            elif act.ledger is not None:
                sides = (act.ledger, SUSPENSE)
                desk.shift(number, "undone", sides, act.amount_minor, on)
            made.append(mirror)
            desk.act(mirror)
        desk.write()
    return made


def _standing_acts(
    connection: psycopg.Connection, view: PaymentView, act_number: int | None
) -> list[Act]:
    # A statement that shows a return is another payment's act that mirrors it. What a file for the
    # bank has is on its way.
    asked = {"acts": [act.act_number for act in view.acts]}
    mirrored = {row[0] for row in connection.execute(QUERIES["mirrored"].text, asked)}
    mirrored |= {row[0] for row in connection.execute(QUERIES["alive_returns"].text, asked)}
    kinds = {"match", "assign", "place", "return"}
    found = [
        act
        for act in view.acts
        if act.kind in kinds and act.act_number not in mirrored
        and act_number in {None, act.act_number}
    ]  # fmt: skip
    if not found:
        reason = "nothing that was done with it stands, or it went to the bank since"
        raise NothingToUndoError(entry=view.entry_number, reason=reason)
    return found
