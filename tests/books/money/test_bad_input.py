"""What cannot be posted is refused with the field, the value and the remedy; nothing half-way."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import attrs
import numpy as np
import psycopg
import pytest

from karez.books.money import Batch, Entry, MoneyBook, Phase, Target, Transfer, account, period
from karez.books.money.account import Opening
from karez.books.money.answer import Answer
from karez.books.money.errors import (
    AccountClosedError,
    AccountCycleError,
    AccountExistsError,
    AccountMalformedError,
    AccountNotEmptyError,
    AccountUnknownError,
    AmountNotPositiveError,
    AmountTooLargeError,
    BookFullError,
    CurrencyMixedError,
    DateRangeError,
    EntryConflictError,
    EntryMalformedError,
    PendingExpiredError,
    PeriodClosedError,
    PeriodOrderError,
    PeriodWordsError,
    SameAccountError,
    TargetUnknownError,
)
from karez.books.money.transfer import ASKED, KINDS_MOST
from karez.kernel.database import Institution, transaction
from karez.kernel.errors import KarezError
from karez.kernel.money import CurrencyUnknownError

DAY = date(2026, 1, 5)
CASH, DEPOSIT, YEN, SHUT = 1, 2, 3, 4
MISSING = Target(UUID(int=1))


@pytest.fixture
def book(connection: psycopg.Connection, institution: Institution):
    """Call with what to do in a transaction of a book with four accounts, the last one closed."""

    def do(work: Callable[[psycopg.Connection], Any]) -> Any:
        with transaction(connection, institution.institution_id):
            return work(connection)

    openings = [
        Opening("cash", "asset", "EUR"),
        Opening("deposit", "liability", "EUR"),
        Opening("yen", "asset", "JPY"),
        Opening("shut", "asset", "EUR"),
    ]
    do(lambda c: account.open_accounts(c, openings))
    do(lambda c: account.close_account(c, "shut", DAY))
    return do


def plain(**fields: Any) -> Transfer:
    return attrs.evolve(Transfer(CASH, DEPOSIT, 5), **fields)


LATER = datetime(2030, 1, 1, tzinfo=UTC)
ENTRIES: dict[str, tuple[Entry, type[KarezError], str]] = {
    "zero": (Entry(DAY, [plain(amount_minor=0)]), AmountNotPositiveError, "not 0"),
    "negative": (Entry(DAY, [plain(amount_minor=-5)]), AmountNotPositiveError, "not -5"),
    "a float": (Entry(DAY, [plain(amount_minor=1.5)]), EntryMalformedError, "a float"),
    "no number": (Entry(DAY, [plain(amount_minor=float("nan"))]), EntryMalformedError, "a float"),
    "true": (Entry(DAY, [plain(amount_minor=True)]), EntryMalformedError, "a bool"),
    "10**30": (Entry(DAY, [plain(amount_minor=10**30)]), AmountTooLargeError, "split it"),
    "-10**30": (Entry(DAY, [plain(amount_minor=-(10**30))]), AmountTooLargeError, "split it"),
    "unknown account": (Entry(DAY, [plain(debit=99)]), AccountUnknownError, "number 99"),
    "no account": (Entry(DAY, [plain(credit=0)]), AccountUnknownError, "number 0"),
    "account below zero": (Entry(DAY, [plain(debit=-1)]), EntryMalformedError, "account number"),
    "account past int64": (Entry(DAY, [plain(debit=1 << 64)]), EntryMalformedError, "number"),
    "same account": (Entry(DAY, [plain(credit=CASH)]), SameAccountError, "cash"),
    "two currencies": (Entry(DAY, [plain(debit=YEN)]), CurrencyMixedError, "JPY.*EUR"),
    "closed account": (Entry(DAY, [plain(credit=SHUT)]), AccountClosedError, "shut.*2026-01-05"),
    "1899": (Entry(date(1899, 12, 31), [plain()]), DateRangeError, "1899-12-31"),
    "first of dates": (Entry(date.min, [plain()]), DateRangeError, "0001-01-01"),
    "no transfer": (Entry(DAY, []), EntryMalformedError, "no transfer"),
    "too many": (Entry(DAY, [plain()] * 100_001), EntryMalformedError, "more than 100000"),
    "no kind": (Entry(DAY, [plain()], kind=""), EntryMalformedError, "kind is empty"),
    "NUL in kind": (Entry(DAY, [plain()], kind="a\0"), EntryMalformedError, "NUL"),
    "NUL in memo": (Entry(DAY, [plain()], memo="a\0"), EntryMalformedError, "NUL"),
    "NUL in reference": (Entry(DAY, [plain()], reference={"a": "\0"}), EntryMalformedError, "NUL"),
    "half a character": (Entry(DAY, [plain()], memo="\ud800"), EntryMalformedError, "surrogate"),
    "post without target": (
        Entry(DAY, [Transfer(phase=Phase.POST)]), EntryMalformedError, "to post needs a target",
    ),
    "pending with target": (
        Entry(DAY, [Transfer(phase=Phase.PENDING, target=MISSING)]), EntryMalformedError, "target",
    ),
    "target unknown": (Entry(DAY, [Transfer(target=MISSING)]), TargetUnknownError, "to reverse"),
    "target line past int32": (
        Entry(DAY, [Transfer(target=Target(UUID(int=1), 1 << 40))]), EntryMalformedError, "line",
    ),
    "target and accounts": (
        Entry(DAY, [Transfer(CASH, DEPOSIT, target=MISSING)]), EntryMalformedError, "accounts",
    ),
    "part of a reversal": (
        Entry(DAY, [Transfer(amount_minor=2, target=MISSING)]), EntryMalformedError, "amount",
    ),
    "posted that expires": (
        Entry(DAY, [plain(expires_at=LATER)]), EntryMalformedError, "only a pending",
    ),
    "expiry without zone": (
        Entry(DAY, [plain(phase=Phase.PENDING, expires_at=LATER.replace(tzinfo=None))]),
        EntryMalformedError, "time zone",
    ),
    "expiry at the epoch": (
        Entry(DAY, [plain(phase=Phase.PENDING, expires_at=datetime(2000, 1, 1, tzinfo=UTC))]),
        EntryMalformedError, "2001",
    ),
    "expiry past": (
        Entry(DAY, [plain(phase=Phase.PENDING, expires_at=datetime(2020, 1, 1, tzinfo=UTC))]),
        PendingExpiredError, "expired at 2020-01-01",
    ),
}  # fmt: skip


def test_post__refuses(subtests: pytest.Subtests, book: Callable[..., Any]) -> None:
    for name, (entry, error, words) in ENTRIES.items():
        with subtests.test(name):
            with pytest.raises(error, match=words) as caught:
                book(lambda c, entry=entry: MoneyBook().post_entry(c, entry))
            assert "{" not in caught.value.message
    assert book(lambda c: account.sums_now(c, CASH)) == (0, 0, 0, 0)


def test_post__good_rows_of_a_batch_stand(book: Callable[..., Any]) -> None:
    bad = [entry for entry, error, _ in ENTRIES.values() if error is AccountUnknownError]
    good = Entry(DAY, [plain()])
    outcomes = book(lambda c: MoneyBook().post(c, Batch.of([*bad, good])))
    assert (outcomes.posted, outcomes.refused) == (1, list(range(len(bad))))
    group = Batch.of([*bad, Entry(DAY, [plain()])], linked=True)
    linked = book(lambda c: MoneyBook().post(c, group))
    assert (linked.posted, linked.refused) == (0, list(range(len(bad) + 1)))
    assert linked.answer[-1] == Answer.LINKED_REFUSED
    assert book(lambda c: account.sums_now(c, CASH)) == (5, 0, 0, 0)


def test_post__a_changed_duplicate_names_the_field(book: Callable[..., Any]) -> None:
    entry = Entry(DAY, [plain()], memo="rent")
    book(lambda c: MoneyBook().post_entry(c, entry))
    for changed, field in (
        ({"memo": "other"}, "memo or reference"),
        ({"kind": "other"}, "kind"),
        ({"valid_on": date(2026, 1, 6)}, "value date"),
        ({"transfers": [plain(amount_minor=6)]}, "amount"),
        ({"transfers": [plain(debit=DEPOSIT, credit=CASH)]}, "debit account"),
        ({"transfers": [plain(), plain()]}, "number of transfers"),
    ):
        again = attrs.evolve(entry, **changed)
        with pytest.raises(EntryConflictError, match=f"another {field}"):
            book(lambda c, again=again: MoneyBook().post_entry(c, again))
    assert book(lambda c: MoneyBook().post_entry(c, entry)).replayed


def arrays(**columns: Any) -> Batch:
    one = np.ones(1, np.int64)
    return Batch.of_arrays(
        **{"debit": one, "credit": one * 2, "amount_minor": one, "valid_on": DAY} | columns
    )


@pytest.mark.parametrize("column", ["debit", "credit", "amount_minor"])
@pytest.mark.parametrize("kind", [np.float64, np.uint64, "U3"])
def test_arrays__hold_whole_numbers_of_64_bits(column: str, kind: Any) -> None:
    with pytest.raises(EntryMalformedError, match=f"{column} is .*, not whole numbers"):
        arrays(**{column: np.array([1], dtype=kind)})


EXTREMES: list[tuple[dict[str, Any], Answer]] = [
    ({"amount_minor": np.array([10**16])}, Answer.AMOUNT_TOO_LARGE),
    ({"amount_minor": np.array([(1 << 63) - 1])}, Answer.AMOUNT_TOO_LARGE),
    ({"amount_minor": np.array([-(1 << 63)])}, Answer.AMOUNT_NOT_POSITIVE),
    ({"debit": np.array([-(1 << 63)])}, Answer.ACCOUNT_UNKNOWN_DEBIT),
    ({"credit": np.array([(1 << 63) - 1])}, Answer.ACCOUNT_UNKNOWN_CREDIT),
    ({"valid_on": np.array([(1 << 31) - 1], np.int32)}, Answer.DATE_RANGE),
    ({"valid_on": np.array([-(1 << 31)], np.int32)}, Answer.DATE_RANGE),
]


def test_arrays__extremes_are_refused_by_row(book: Callable[..., Any]) -> None:
    for columns, answer in EXTREMES:
        outcomes = book(lambda c, columns=columns: MoneyBook().post(c, arrays(**columns)))
        assert outcomes.answer.tolist() == [answer]
        assert "{" not in outcomes.error(0).message


def test_arrays__rows_of_an_entry_stand_together(book: Callable[..., Any]) -> None:
    rows = np.zeros(2, dtype=ASKED)
    rows["line"] = [0, 2]
    with pytest.raises(EntryMalformedError, match="do not stand together"):
        book(lambda c: MoneyBook().post(c, Batch(rows)))


def test_batch__names_so_many_kinds_at_most() -> None:
    with pytest.raises(EntryMalformedError, match="at most 32767 kinds"):
        Batch.of([Entry(DAY, [plain()], kind=str(n)) for n in range(KINDS_MOST + 1)])


def test_book__is_full_at_its_bound_and_names_no_kind_then(book: Callable[..., Any]) -> None:
    shared, many = MoneyBook(), np.ones(4_000, np.int64)
    full = Batch.of_arrays(
        debit=many, credit=many * 2, amount_minor=many * 10**15, valid_on=DAY, kind="gift"
    )
    book(lambda c: shared.post(c, full))
    with pytest.raises(BookFullError):
        book(lambda c: shared.post(c, attrs.evolve(full, kinds=("new",))))
    entry = Entry(DAY, [plain()], kind="new")
    book(lambda c: shared.post_entry(c, entry))
    assert book(lambda c: MoneyBook().post_entry(c, entry)).replayed


OPENINGS: dict[str, tuple[list[Opening], type[KarezError], str]] = {
    "no code": ([Opening("", "asset", "EUR")], AccountMalformedError, "1 to 200"),
    "blank": ([Opening(" a", "asset", "EUR")], AccountMalformedError, "blank"),
    "NUL": ([Opening("a\0", "asset", "EUR")], AccountMalformedError, "printable"),
    "long": ([Opening("a" * 201, "asset", "EUR")], AccountMalformedError, "1 to 200"),
    "name": ([Opening("a", "asset", "EUR", name="\0")], AccountMalformedError, "NUL"),
    "half": ([Opening("a", "asset", "EUR", name="\ud800")], AccountMalformedError, "surrogate"),
    "type": ([Opening("a", "thing", "EUR")], AccountMalformedError, "none of the types"),
    "currency": ([Opening("a", "asset", "XXQ")], CurrencyUnknownError, "XXQ"),
    "floor": ([Opening("a", "asset", "EUR", floor_minor=1)], AccountMalformedError, "floor"),
    "ceiling": ([Opening("a", "asset", "EUR", ceiling_minor=-1)], AccountMalformedError, "ceil"),
    "float": ([Opening("a", "asset", "EUR", ceiling_minor=1.5)], AccountMalformedError, "float"),
    "huge": ([Opening("a", "asset", "EUR", ceiling_minor=1 << 62)], AccountMalformedError, "2^62"),
    "parent": ([Opening("a", "asset", "EUR", parent="none")], AccountUnknownError, "none"),
    "NUL parent": ([Opening("a", "asset", "EUR", parent="b\0")], AccountUnknownError, "b"),
    "own parent": ([Opening("a", "asset", "EUR", parent="a")], AccountCycleError, "a < a"),
    "cycle": (
        [Opening("a", "asset", "EUR", parent="b"), Opening("b", "asset", "EUR", parent="a")],
        AccountCycleError, "a < b < a",
    ),
    "same code": (
        [Opening("a", "asset", "EUR"), Opening("a", "asset", "USD")], AccountExistsError, "list",
    ),
    "open with other content": ([Opening("cash", "asset", "USD")], AccountExistsError, "currency"),
    "id twice": (
        [Opening("a", "asset", "EUR", account_id=UUID(int=9)),
         Opening("b", "asset", "EUR", account_id=UUID(int=9))], AccountExistsError, "code",
    ),
}  # fmt: skip


def test_open__refuses(subtests: pytest.Subtests, book: Callable[..., Any]) -> None:
    for name, (openings, error, words) in OPENINGS.items():
        with subtests.test(name):
            with pytest.raises(error, match=re.escape(words)) as caught:
                book(lambda c, openings=openings: account.open_accounts(c, openings))
            assert "{" not in caught.value.message
    assert len(book(account.list_accounts)) == 4


def test_open__an_id_that_is_taken(book: Callable[..., Any]) -> None:
    taken = book(lambda c: account.find_account(c, "cash")).account_id
    opening = Opening("a", "asset", "EUR", account_id=taken)
    with pytest.raises(AccountExistsError, match=str(taken)):
        book(lambda c: account.open_accounts(c, [opening]))


def test_account__of_an_impossible_code_is_unknown(book: Callable[..., Any]) -> None:
    for code in ("none", "a\0", "\ud800", ""):
        with pytest.raises(AccountUnknownError):
            book(lambda c, code=code: account.find_account(c, code))


def test_change__refuses(book: Callable[..., Any]) -> None:
    book(lambda c: account.open_accounts(c, [Opening("under", "asset", "EUR", parent="cash")]))
    for changes, error in (
        ({"name": "\0"}, AccountMalformedError),
        ({"floor_minor": -0.5}, AccountMalformedError),
        ({"parent": "under"}, AccountCycleError),
        ({"parent": "none"}, AccountUnknownError),
        ({"currency": "USD"}, AssertionError),
        ({"code": "other"}, AssertionError),
    ):
        with pytest.raises(error):
            book(lambda c, changes=changes: account.change_account(c, "cash", changes))
    assert book(lambda c: account.find_account(c, "cash")).version == 1


def test_close__needs_an_empty_account(book: Callable[..., Any]) -> None:
    held = Entry(DAY, [plain(phase=Phase.PENDING, amount_minor=250)])
    book(lambda c: MoneyBook().post_entry(c, held))
    with pytest.raises(AccountNotEmptyError, match=r"2\.50 pending"):
        book(lambda c: account.close_account(c, "cash", DAY))
    with pytest.raises(AccountClosedError, match="shut"):
        book(lambda c: account.close_account(c, "shut", DAY))


def test_period__refuses(book: Callable[..., Any]) -> None:
    for actor, reason in (("", ""), (" ", ""), ("a\0", ""), ("ann", "\0"), ("ann", "\ud800")):
        with pytest.raises(PeriodWordsError):
            book(lambda c, a=actor, r=reason: period.close_period(c, DAY, actor=a, reason=r))
    with pytest.raises(PeriodOrderError, match="no day; reopening needs an earlier day"):
        book(lambda c: period.reopen_period(c, None, actor="ann", reason="late"))
    book(lambda c: period.close_period(c, DAY, actor="ann"))
    with pytest.raises(PeriodOrderError, match="needs a later day"):
        book(lambda c: period.close_period(c, date(2026, 1, 4), actor="ann"))
    with pytest.raises(PeriodOrderError, match="needs a reason"):
        book(lambda c: period.reopen_period(c, None, actor="ann", reason=" "))
    with pytest.raises(PeriodClosedError, match="2026-01-05"):
        book(lambda c: MoneyBook().post_entry(c, Entry(DAY, [plain()])))
    book(lambda c: period.reopen_period(c, None, actor="ann", reason="late"))
    book(lambda c: MoneyBook().post_entry(c, Entry(DAY, [plain()])))
    assert [(p.action, p.reason) for p in book(period.list_period_changes)] == [
        ("close", ""), ("reopen", "late"),
    ]  # fmt: skip
