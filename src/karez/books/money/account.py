"""The chart of accounts: a tree for each institution, every change a new version of an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import attrs

from karez.books.money.errors import (
    AccountClosedError,
    AccountCycleError,
    AccountExistsError,
    AccountMalformedError,
    AccountNotEmptyError,
    AccountUnknownError,
    LimitBrokenError,
)
from karez.books.money.pen import Leaf, Pen, take_pen, write_batch
from karez.books.money.queries import QUERIES
from karez.books.money.text import text_fault
from karez.books.money.wire import Int4, Int8
from karez.kernel.errors import ensure
from karez.kernel.ids import new_id
from karez.kernel.money import currency, format_amount

if TYPE_CHECKING:
    import psycopg

Type = Literal["asset", "liability", "equity", "income", "expense"]
Side = Literal["debit", "credit"]

TYPES: Mapping[str, Side] = {
    "asset": "debit",
    "liability": "credit",
    "equity": "credit",
    "income": "credit",
    "expense": "debit",
}
CODE_LENGTH_MOST = 200
CHANGEABLE = frozenset({"name", "parent", "floor_minor", "ceiling_minor"})


@attrs.frozen
class Account:
    """An account as it stands. A balance counts on its normal side.

    The balance may not pass below ``floor_minor`` nor above ``ceiling_minor`` (minor units, None =
    no limit), pending amounts counted against it: a deposit with floor 0 cannot be overdrawn.
    """

    number: int
    account_id: UUID
    code: str
    name: str
    type: Type
    normal_side: Side
    currency: str
    parent: str | None
    floor_minor: int | None
    ceiling_minor: int | None
    closed_on: date | None
    version: int


@attrs.frozen
class Opening:
    """An account to open. The caller's ``account_id``, or the code, makes a retry harmless."""

    code: str
    type: Type
    currency: str
    name: str = ""
    parent: str | None = None
    floor_minor: int | None = None
    ceiling_minor: int | None = None
    normal_side: Side | None = None
    account_id: UUID | None = None


def open_accounts(connection: psycopg.Connection, openings: Sequence[Opening]) -> list[Account]:
    """Open these accounts, all or none, parents and children in any order.

    An account already open with the same content is answered as it stands.

    Raises:
        AccountMalformedError: a field that an account cannot have.
        AccountExistsError: a code that is open with other content.
        AccountUnknownError: a parent that is neither open nor among these.
        AccountCycleError: accounts that are their own ancestors.
    """
    for opening in openings:
        _check_opening(opening)
    pen = take_pen(connection)
    codes = {opening.code for opening in openings}
    parents = {opening.parent for opening in openings if opening.parent}
    known = {account.code: account for account in list_accounts(connection, codes | parents)}
    fresh: dict[str, Opening] = {}
    for opening in openings:
        if opening.code in known:
            _compare(known[opening.code], opening)
        elif fresh.setdefault(opening.code, opening) != opening:
            raise AccountExistsError(account=opening.code, field="line in the same list")
    _check_ids_free(connection, fresh)
    numbers = {code: account.number for code, account in known.items()}
    rows: list[tuple[Any, ...]] = []
    for opening in _parents_first(fresh, known):
        numbers[opening.code] = pen.head.account_count + len(rows) + 1
        rows.append(_version_row(_opened(opening, numbers[opening.code]), numbers))
    if rows:
        write_batch(pen, leaf=Leaf({"account": rows}, accounts_added=len(rows)))
    by_code = {account.code: account for account in list_accounts(connection, codes)}
    return [by_code[opening.code] for opening in openings]


def change_account(
    connection: psycopg.Connection, code: str, changes: Mapping[str, Any]
) -> Account:
    """Record a new version of an account.

    ``changes`` may name ``name``, ``parent`` (a code or None), ``floor_minor``, ``ceiling_minor``.

    Raises:
        AccountUnknownError: the account or the new parent is not open.
        AccountMalformedError: a value that an account cannot have.
        AccountCycleError: the new parent is the account itself or below it.
        LimitBrokenError: the account already stands beyond the new limit.
    """
    ensure(changes.keys() <= CHANGEABLE, f"only {', '.join(sorted(CHANGEABLE))} may change")
    pen = take_pen(connection)
    before = find_account(connection, code)
    after = attrs.evolve(before, version=before.version + 1, **changes)
    _check_version(code, after)
    if after.parent != before.parent and after.parent is not None:
        _check_no_cycle(connection, code, after.parent)
    if {"floor_minor", "ceiling_minor"} & changes.keys():
        _check_stands_within(connection, after)
    return _write_version(pen, after)


def close_account(connection: psycopg.Connection, code: str, on: date) -> Account:
    """Close an account that is empty: nothing posted is left on it and nothing pending.

    Raises:
        AccountUnknownError: there is no such account.
        AccountClosedError: it is closed already.
        AccountNotEmptyError: its posted balance or a pending amount is not zero.
    """
    pen = take_pen(connection)
    account = find_account(connection, code)
    if account.closed_on is not None:
        raise AccountClosedError(account=code, closed_on=str(account.closed_on))
    debits, credits_, debits_pending, credits_pending = sums_now(connection, account.number)
    if debits != credits_ or debits_pending or credits_pending:
        money = currency(account.currency)
        held = format_amount(debits_pending + credits_pending, money)
        balance = format_amount(abs(debits - credits_), money)
        raise AccountNotEmptyError(
            account=code, balance=f"{balance} {money.code} posted and {held} pending"
        )
    return _write_version(pen, attrs.evolve(account, closed_on=on, version=account.version + 1))


def reopen_account(connection: psycopg.Connection, code: str) -> Account:
    """Open a closed account again; an open one stays as it is."""
    pen = take_pen(connection)
    account = find_account(connection, code)
    if account.closed_on is None:
        return account
    return _write_version(pen, attrs.evolve(account, closed_on=None, version=account.version + 1))


def find_account(connection: psycopg.Connection, code: str) -> Account:
    """Return one account, or raise AccountUnknownError."""
    for possible in _possible({code}):
        rows = connection.execute(QUERIES["account"].text, {"code": possible}).fetchall()
        for account in _accounts(connection, rows):
            return account
    raise AccountUnknownError(account=code)


def list_accounts(connection: psycopg.Connection, codes: set[str] | None = None) -> list[Account]:
    """Return the accounts with these codes, or all, in the order of their codes."""
    wanted = {"codes": None if codes is None else sorted(_possible(codes))}
    return _accounts(connection, connection.execute(QUERIES["accounts"].text, wanted).fetchall())


def _accounts(connection: psycopg.Connection, rows: Sequence[Any]) -> list[Account]:
    parents = find_codes(connection, {row[7] for row in rows if row[7] is not None})
    return [attrs.evolve(Account(*row), parent=parents.get(row[7])) for row in rows]


def find_codes(connection: psycopg.Connection, numbers: set[int]) -> dict[int, str]:
    """Return the codes of the accounts with these numbers."""
    if not numbers:
        return {}
    wanted = {"numbers": sorted(numbers)}
    return dict(connection.execute(QUERIES["account_codes"].text, wanted).fetchall())


def find_numbers(connection: psycopg.Connection, codes: set[str]) -> dict[str, int]:
    """Return the numbers of the accounts among ``codes`` that exist."""
    wanted = {"codes": sorted(_possible(codes))}
    return dict(connection.execute(QUERIES["account_numbers"].text, wanted).fetchall())


def _possible(codes: set[str]) -> list[str]:
    """Return the codes that an account can have: no other could even be asked for."""
    return [code for code in codes if not text_fault(code)]


def sums_now(connection: psycopg.Connection, number: int) -> tuple[int, int, int, int]:
    """Return debits and credits posted, debits and credits pending, of everything recorded."""
    row = connection.execute(
        QUERIES["sums_now"].text, {"numbers": [number], "through": None}
    ).fetchone()
    return (row[1], row[2], row[3], row[4]) if row else (0, 0, 0, 0)


def _check_opening(opening: Opening) -> None:
    def refuse(reason: str) -> None:
        raise AccountMalformedError(account=opening.code, reason=reason)

    code = opening.code
    if not code or code != code.strip() or len(code) > CODE_LENGTH_MOST or not code.isprintable():
        refuse(f"a code has 1 to {CODE_LENGTH_MOST} printable letters and no blank at its ends")
    if opening.type not in TYPES:
        refuse(f"{opening.type!r} is none of the types {', '.join(TYPES)}")
    if opening.normal_side not in {None, "debit", "credit"}:
        refuse(f"{opening.normal_side!r} is neither debit nor credit")
    currency(opening.currency)
    _check_version(code, opening)


def _check_version(code: str, of: Opening | Account) -> None:
    """Check what may change from one version of an account to the next."""
    floor_minor, ceiling_minor = of.floor_minor, of.ceiling_minor
    if fault := text_fault(of.name):
        raise AccountMalformedError(account=code, reason=f"its name {fault}")
    for limit in (floor_minor, ceiling_minor):
        if limit is not None and type(limit) is not int:
            reason = f"a limit is a {type(limit).__name__}, not minor units"
            raise AccountMalformedError(account=code, reason=reason)
        if limit is not None and abs(limit) >= 1 << 62:
            raise AccountMalformedError(account=code, reason="a limit is beyond 2^62 minor units")
    if floor_minor is not None and floor_minor > 0:
        raise AccountMalformedError(
            account=code, reason="a floor above zero would refuse the first transfer"
        )
    if ceiling_minor is not None and ceiling_minor < 0:
        raise AccountMalformedError(
            account=code, reason="a ceiling below zero would refuse the first transfer"
        )


def _compare(account: Account, opening: Opening) -> None:
    asked = _opened(opening, account.number)
    for field in ("type", "normal_side", "currency", "name", "parent", "floor_minor",
                  "ceiling_minor"):  # fmt: skip
        if getattr(account, field) != getattr(asked, field):
            raise AccountExistsError(account=account.code, field=field.replace("_minor", ""))
    if opening.account_id not in {None, account.account_id}:
        raise AccountExistsError(account=account.code, field="id")


def _check_ids_free(connection: psycopg.Connection, fresh: Mapping[str, Opening]) -> None:
    """Refuse an id that another account has, or that two of these would have."""
    wanted = {"ids": [opening.account_id for opening in fresh.values() if opening.account_id]}
    taken = {row[0] for row in connection.execute(QUERIES["account_ids_taken"].text, wanted)}
    for opening in fresh.values():
        if opening.account_id in taken:
            raise AccountExistsError(account=opening.account_id, field="code")
        if opening.account_id is not None:
            taken.add(opening.account_id)


def _opened(opening: Opening, number: int) -> Account:
    return Account(
        number=number,
        account_id=opening.account_id or new_id(),
        code=opening.code,
        name=opening.name,
        type=opening.type,
        normal_side=opening.normal_side or TYPES[opening.type],
        currency=opening.currency,
        parent=opening.parent,
        floor_minor=opening.floor_minor,
        ceiling_minor=opening.ceiling_minor,
        closed_on=None,
        version=1,
    )


def _parents_first(fresh: Mapping[str, Opening], known: Mapping[str, Account]) -> list[Opening]:
    """Return the openings so that each parent comes before its children."""
    placed: dict[str, Opening] = {}
    for code in fresh:
        path: list[str] = []
        at: str | None = code
        while at is not None and at not in known and at not in placed:
            if at in path:
                cycle = [*path[path.index(at) :], at]
                raise AccountCycleError(account=at, path=" < ".join(cycle))
            if at not in fresh:
                raise AccountUnknownError(account=at)
            path.append(at)
            at = fresh[at].parent
        placed.update({step: fresh[step] for step in reversed(path)})
    return list(placed.values())


def _check_no_cycle(connection: psycopg.Connection, code: str, parent: str) -> None:
    above: dict[str, str | None] = {a.code: a.parent for a in list_accounts(connection)}
    if parent not in above:
        raise AccountUnknownError(account=parent)
    path = [code]
    at: str | None = parent
    while at is not None:
        path.append(at)
        if at == code:
            raise AccountCycleError(account=code, path=" < ".join(path))
        at = above[at]


def _check_stands_within(connection: psycopg.Connection, account: Account) -> None:
    debits, credits_, debits_pending, credits_pending = sums_now(connection, account.number)
    if account.normal_side == "debit":
        low, high = debits - credits_ - credits_pending, debits + debits_pending - credits_
    else:
        low, high = credits_ - debits - debits_pending, credits_ + credits_pending - debits
    floor, ceiling = account.floor_minor, account.ceiling_minor
    if (floor is not None and low < floor) or (ceiling is not None and high > ceiling):
        money = currency(account.currency)
        stands = low if floor is not None and low < floor else high
        raise LimitBrokenError(
            account=account.code, balance=f"{format_amount(stands, money)} {money.code}"
        )


def _write_version(pen: Pen, account: Account) -> Account:
    parent = {account.parent} if account.parent else set[str]()
    numbers = find_numbers(pen.connection, parent)
    write_batch(pen, leaf=Leaf({"account": [_version_row(account, numbers)]}))
    return account


def _version_row(account: Account, numbers: Mapping[str, int]) -> tuple[Any, ...]:
    def wide(value: int | None) -> Int8 | None:
        return None if value is None else Int8(value)

    return (
        Int8(account.number),
        Int4(account.version),
        account.account_id,
        account.code,
        account.name,
        account.type,
        account.normal_side,
        account.currency,
        wide(numbers[account.parent] if account.parent else None),
        wide(account.floor_minor),
        wide(account.ceiling_minor),
        account.closed_on,
    )
