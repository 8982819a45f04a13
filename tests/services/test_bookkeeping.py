"""The use cases of the money book, against a real database."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import attrs
import numpy as np
import pytest

from karez.books.money.errors import (
    AccountUnknownError,
    EntryConflictError,
    EntryUnknownError,
    LimitExceededError,
    LinkedRefusedError,
    PendingAmountError,
    PeriodClosedError,
    TargetPhaseError,
    TargetTakenError,
)
from karez.books.money.journal import PAGE_TRANSFERS
from karez.kernel.database import Database, Role
from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id
from karez.kernel.money import Money
from karez.services import bookkeeping
from karez.services.bookkeeping import (
    Books,
    Draft,
    Exchange,
    Movement,
    Opening,
    Phase,
    Posted,
    Target,
    open_books,
)
from karez.services.bookkeeping.errors import AccountCurrencyError, ExchangeMalformedError

DAY = date(2026, 1, 5)
LATER = date(2026, 2, 1)


def euro(text: str) -> Money:
    return Money.parse(text, "EUR")


def draft(debit: str, credit: str, amount: Money | str, **rest) -> Draft:
    money = euro(amount) if isinstance(amount, str) else amount
    return Draft(DAY, [Movement(debit, credit, money)], **rest)


def pay_in(books: Books, amount: str = "100.00", **rest) -> Posted:
    return bookkeeping.post_entry(books, draft("cash", "ann", amount, **rest))


def hold(books: Books, amount: str, *, expires_at: datetime | None = None) -> Target:
    movement = Movement("ann", "cash", euro(amount), pending=True, expires_at=expires_at)
    return Target(bookkeeping.post_entry(books, Draft(DAY, [movement])).entry_id)


def standing(books: Books, code: str, on: date = LATER) -> int:
    return bookkeeping.balance(books, code, on).balance_minor


def kinds_of(answers) -> list[type]:
    return [type(answer) for answer in answers]


def test_post_entries__each_has_its_own_answer(books: Books):
    first = draft("cash", "ann", "100.00", memo="in", reference={"slip": "7"})
    answers = bookkeeping.post_entries(
        books,
        [
            first,
            draft("cash", "nobody", "1.00"),
            draft("cash", "ann", Money.parse("1.00", "USD")),
            draft("ann", "cash", "100.01"),
            draft("ann", "bob", "40.00"),
            first,
            attrs.evolve(first, memo="other"),
        ],
    )
    assert kinds_of(answers) == [
        Posted,
        AccountUnknownError,
        AccountCurrencyError,
        LimitExceededError,
        Posted,
        Posted,
        EntryConflictError,
    ]
    assert (standing(books, "ann"), standing(books, "bob")) == (6_000, 4_000)


def test_post_entries__atomic_posts_all_or_none(books: Books):
    good, bad = draft("cash", "ann", "10.00"), draft("ann", "cash", "99.00")
    unread = draft("cash", "nobody", "1.00")
    refused = bookkeeping.post_entries(books, [good, bad], atomic=True)
    assert kinds_of(refused) == [LinkedRefusedError, LimitExceededError]
    unresolved = bookkeeping.post_entries(books, [good, unread], atomic=True)
    assert kinds_of(unresolved) == [LinkedRefusedError, AccountUnknownError]
    assert standing(books, "ann") == 0
    posted = bookkeeping.post_entries(books, [good, draft("ann", "bob", "9.00")], atomic=True)
    assert kinds_of(posted) == [Posted, Posted]
    assert standing(books, "bob") == 900


def test_exchange__moves_each_currency_through_its_position(books: Books):
    pay_in(books)
    bookkeeping.exchange(
        books,
        Exchange(
            DAY,
            debit="ann",
            debit_position="position.eur",
            debit_amount=euro("90.00"),
            credit="dollars",
            credit_position="position.usd",
            credit_amount=Money.parse("99.00", "USD"),
        ),
    )
    codes = ("ann", "position.eur", "position.usd", "dollars")
    assert [standing(books, code) for code in codes] == [1_000, 9_000, -9_900, -9_900]
    totals = bookkeeping.trial_balance(books, DAY).totals()
    for sums in totals.values():
        assert sums.debits_posted_minor == sums.credits_posted_minor
    with pytest.raises(ExchangeMalformedError):
        bookkeeping.exchange(
            books, Exchange(DAY, "ann", "position.eur", euro("1"), "bob", "position.eur", euro("1"))
        )


def test_exchange__stands_or_falls_together(books: Books):
    dollars = Money.parse("9.00", "USD")
    with pytest.raises(LimitExceededError):
        bookkeeping.exchange(
            books,
            Exchange(DAY, "ann", "position.eur", euro("8"), "dollars", "position.usd", dollars),
        )
    assert standing(books, "dollars") == 0


def test_reverse__undoes_once(books: Books):
    posted = pay_in(books)
    first = bookkeeping.reverse_entry(books, posted.entry_id, DAY, memo="mistake")
    again = bookkeeping.reverse_entry(books, posted.entry_id, DAY, memo="mistake")
    assert (first.replayed, again.replayed, again.entry_id) == (False, True, first.entry_id)
    assert standing(books, "ann") == 0
    with pytest.raises(EntryConflictError):
        bookkeeping.reverse_entry(books, posted.entry_id, LATER, memo="mistake")
    view = bookkeeping.find_entry(books, first.entry_id)
    assert view.entry.lines[0].target == (posted.entry_id, 0)
    assert {account.code for account in view.accounts.values()} == {"cash", "ann"}


def test_reverse__of_what_is_not_there_or_moved_nothing(books: Books):
    with pytest.raises(EntryUnknownError):
        bookkeeping.reverse_entry(books, new_id(), DAY)
    pay_in(books)
    with pytest.raises(TargetPhaseError):
        bookkeeping.reverse_entry(books, hold(books, "1.00").entry_id, DAY)


def test_pending__posted_in_part_or_voided(books: Books):
    pay_in(books)
    target = hold(books, "60.00")
    assert bookkeeping.balance(books, "ann", DAY).available_minor == 4_000
    with pytest.raises(PendingAmountError):
        bookkeeping.post_pending(books, target, DAY, amount_minor=6_001)
    assert bookkeeping.post_pending(books, target, DAY, amount_minor=2_500).amounts_minor == (
        2_500,
    )
    assert bookkeeping.post_pending(books, target, DAY, amount_minor=2_500).replayed
    with pytest.raises(TargetTakenError):
        bookkeeping.void_pending(books, target, DAY)
    other = hold(books, "10.00")
    bookkeeping.void_pending(books, other, DAY)
    found = bookkeeping.balance(books, "ann", DAY)
    assert (found.balance_minor, found.available_minor) == (7_500, 7_500)


def test_pending__expires(books: Books):
    pay_in(books)
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    for _ in range(3):
        hold(books, "10.00", expires_at=soon)
    hold(books, "10.00")
    assert bookkeeping.expire_due(books, DAY) in range(4)
    while datetime.now(UTC) <= soon:
        pass
    bookkeeping.expire_due(books, DAY)
    assert bookkeeping.expire_due(books, DAY) == 0
    assert bookkeeping.balance(books, "ann", DAY).pending_minor == 1_000


def test_pending__expiry_in_a_closed_period_is_told(books: Books):
    pay_in(books)
    soon = datetime.now(UTC) + timedelta(milliseconds=100)
    hold(books, "10.00", expires_at=soon)
    bookkeeping.close_period(books, DAY, actor="ada")
    while datetime.now(UTC) <= soon:
        pass
    with pytest.raises(PeriodClosedError):
        bookkeeping.expire_due(books, DAY)
    assert bookkeeping.expire_due(books, LATER) == 1


def test_batch__dry_run_and_atomic_leave_no_trace(books: Books):
    numbers = bookkeeping.find_seats(books, {"cash", "ann"})
    cash, ann = numbers["cash"].number, numbers["ann"].number
    entries = [
        bookkeeping.Batch.of_arrays(
            debit=_array(cash, ann),
            credit=_array(ann, cash),
            amount_minor=_array(5, 6),
            valid_on=DAY,
        )
    ]
    for options in ({"dry_run": True}, {"atomic": True}):
        outcomes = bookkeeping.post_batch(books, entries[0], **options)
        assert (outcomes.posted, len(outcomes.refused)) == (1, 1)
        assert standing(books, "ann") == 0
    assert bookkeeping.post_batch(books, entries[0]).posted == 1
    assert standing(books, "ann") == 5
    assert not bookkeeping.verify(books).findings


def _array(*values: int):
    return np.array(values, np.int64)


def test_reader__reads_and_does_not_seal(books: Books, database: Database):
    pay_in(books)
    with open_books(database, "main", Role.READER) as reader:
        assert standing(reader, "ann") == 10_000
        assert bookkeeping.seal_due(reader) == 0
        assert not bookkeeping.verify(reader).findings
        with pytest.raises(Exception, match="permission denied"):
            bookkeeping.close_account(reader, "bob", DAY)


def test_accounts__change_close_reopen(books: Books):
    assert bookkeeping.change_account(books, "bob", {"name": "Bob"}).name == "Bob"
    bookkeeping.close_account(books, "bob", DAY)
    refused = bookkeeping.post_entries(books, [draft("cash", "bob", "1.00")])[0]
    assert isinstance(refused, KarezError)
    assert refused.code == "account-closed"
    bookkeeping.reopen_account(books, "bob")
    assert bookkeeping.find_account(books, "bob").closed_on is None
    assert len(bookkeeping.list_accounts(books)) == 6


def test_period__closes_and_reopens(books: Books):
    bookkeeping.close_period(books, DAY, actor="ada", reason="month end")
    assert kinds_of(bookkeeping.post_entries(books, [draft("cash", "ann", "1")])) == [
        PeriodClosedError
    ]
    bookkeeping.reopen_period(books, None, actor="ada", reason="late slip")
    pay_in(books)
    changes = bookkeeping.list_period_changes(books)
    assert [(each.action, each.reason) for each in changes] == [
        ("close", "month end"),
        ("reopen", "late slip"),
    ]


def test_journal__gives_everything_once_in_order_and_as_known(books: Books):
    bookkeeping.open_accounts(books, [Opening("eve", "liability", "EUR")])
    seats = bookkeeping.find_seats(books, {"cash", "eve"})
    count = PAGE_TRANSFERS + 10
    batch = bookkeeping.Batch.of_arrays(
        debit=_array(*[seats["cash"].number] * count),
        credit=_array(*[seats["eve"].number] * count),
        amount_minor=_array(*range(1, count + 1)),
        valid_on=DAY,
    )
    bookkeeping.post_batch(books, batch)
    known_at = bookkeeping.balance(books, "eve", DAY).known_at
    assert bookkeeping.seal_due(books) == 0, "the balance sealed what was due"
    pay_in(books, memo="last", entry_id=UUID(int=1))
    with bookkeeping.open_journal(books) as journal:
        for _ in range(2):
            pages = list(journal.pages())
            assert [len(page.rows) for page in pages] == [count, 1]
        assert pages[0].rows["amount_minor"].tolist() == list(range(1, count + 1))
        assert pages[1].notes == {UUID(int=1): ("last", "{}")}
        assert journal.kinds[int(pages[1].rows["kind"][0])] == "general"
        assert pages[1].rows["phase"].tolist() == [Phase.POSTED]
    with bookkeeping.open_journal(books, known_at=known_at) as journal:
        assert sum(len(page.rows) for page in journal.pages()) == count
