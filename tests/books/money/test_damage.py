"""Any damage to any row of the book is found: a value altered, a row removed, two rows exchanged.

We do by SQL, as a superuser and with the constraints dropped, what nobody else can.

The long form: ``scripts/hard_tests.py --damages 1000``.
"""

import os
import random
from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
import pytest
from psycopg import sql

from karez.books.money import Batch, Entry, MoneyBook, Phase, Target, Transfer
from karez.books.money import seal as seals
from karez.books.money.account import Opening, change_account, open_accounts
from karez.books.money.period import close_period
from karez.books.money.seal import seal_next
from karez.books.money.verify import verify
from karez.kernel.database import Database, Institution, Role, transaction

DAMAGES = int(os.environ.get("DAMAGES", "150"))
DAY = date(2026, 1, 5)
ACCOUNTS = 9

# How a value becomes another one, by the type of its column: by a little, or by a flipped bit.
OTHER = {
    "bigint": ("coalesce({column}, 0) + 1", "{column} # (1::bigint << {bit})"),
    "integer": ("coalesce({column}, 0) + 1", "{column} # (1 << {bit} %% 32)"),
    "smallint": ("coalesce({column}, 0) + 1", "{column} # (1::smallint << {bit} %% 16)"),
    "date": ("coalesce({column}, '2026-01-01') + 1", "{column} + (1 << {bit} %% 21)", "'infinity'"),
    "timestamp with time zone": (
        "coalesce({column}, now()) + interval '1 microsecond'",
        "{column} + (1::bigint << {bit} %% 52) * interval '1 microsecond'",
        "'infinity'",
        "'-infinity'",
    ),
    "uuid": ("gen_random_uuid()",),
    "text": ("coalesce({column}, '') || 'x'", "upper({column})", "''"),
    "bytea": ("set_byte({column}, 3, (get_byte({column}, 3) + 1) %% 256)", "''"),
    "boolean": ("NOT {column}",),
}


def write_a_book(connection: psycopg.Connection, institution_id: int, chance: random.Random):
    book = MoneyBook()
    pending: list[Entry] = []
    with transaction(connection, institution_id):
        openings = [Opening("root", "asset", "EUR")]
        openings += [
            Opening(f"a{n}", "liability", "EUR", parent="root", floor_minor=-(10**6))
            for n in range(ACCOUNTS - 1)
        ]
        open_accounts(connection, openings)
    for _ in range(40):
        entries = []
        for _ in range(chance.randint(1, 6)):
            debit, credit = chance.sample(range(1, ACCOUNTS + 1), 2)
            phase = chance.choice([Phase.POSTED, Phase.POSTED, Phase.PENDING])
            transfers = [
                Transfer(debit, credit, chance.randint(1, 500), phase=phase)
                for _ in range(chance.randint(1, 2))
            ]
            valid_on = DAY + timedelta(days=chance.randint(0, 20))
            memo = chance.choice(["", "rent"])
            entries.append(Entry(valid_on, transfers, kind=chance.choice("xy"), memo=memo))
            pending += [entries[-1]] if phase is Phase.PENDING else []
        if pending and chance.random() < 0.5:
            held = pending.pop(0)
            targets = [Target(held.entry_id, line) for line in range(len(held.transfers))]
            entries.append(Entry(DAY, [Transfer(phase=Phase.POST, target=t) for t in targets]))
        with transaction(connection, institution_id):
            assert not book.post(connection, Batch.of(entries)).refused
    with transaction(connection, institution_id):
        close_period(connection, date(2025, 12, 31), actor="an auditor")
        change_account(connection, "a1", {"name": "renamed"})


@pytest.fixture
def login(
    database: Database,
    connection: psycopg.Connection,
    institution: Institution,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[psycopg.Connection]:
    """A superuser's connection to a sealed book of a few hundred transfers without CHECKs."""
    monkeypatch.setattr(seals, "SEAL_AFTER", 40)
    write_a_book(connection, institution.institution_id, random.Random(11))
    sealed = True
    while sealed:
        with transaction(connection, institution.institution_id):
            sealed = bool(seal_next(connection))
    with database.connect(None) as login:
        checks = login.execute(
            "SELECT relname, conname FROM pg_constraint JOIN pg_class ON conrelid = pg_class.oid"
            " WHERE connamespace = 'money'::regnamespace AND contype = 'c'"
        ).fetchall()
        for table, check in checks:
            drop = sql.SQL("ALTER TABLE money.{} DROP CONSTRAINT {}")
            login.execute(drop.format(sql.Identifier(table), sql.Identifier(check)))
        yield login


def findings(login: psycopg.Connection, institution: Institution) -> list[str]:
    login.execute(
        "SELECT set_config('karez.institution_id', %s, true), set_config('role', %s, true)",
        (str(institution.institution_id), Role.APPLICATION),
    )
    return [f"{found.table} {found.row}: {found.what}" for found in verify(login).findings]


def damage(login: psycopg.Connection, columns: list[tuple[str, str, str]], chance: random.Random):
    """Damage one row, and say how; return nothing where a key did not allow it."""
    table, column, kind = chance.choice(columns)
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    row = login.execute(
        sql.SQL("SELECT ctid FROM money.{table} ORDER BY random() LIMIT 1").format(**names)
    ).fetchone()
    if chance.random() < 0.2:
        login.execute(sql.SQL("DELETE FROM money.{table} WHERE ctid = %s").format(**names), row)
        return f"a row of {table} removed"
    other = """'{{"a":"b"}}'""" if column == "reference" else chance.choice(OTHER[kind])
    value = sql.SQL(other).format(**names, bit=sql.Literal(chance.randrange(64)))
    try:
        with login.transaction():
            change = sql.SQL(
                "UPDATE money.{table} SET {column} = {value}"
                " WHERE ctid = %s AND {column} IS DISTINCT FROM {value}"
            )
            changed = login.execute(change.format(**names, value=value), row).rowcount
    except (psycopg.errors.IntegrityError, psycopg.errors.DataError):
        return None
    return f"{table}.{column} altered: {other}" if changed else None


def test_verify__finds_any_damage(login: psycopg.Connection, institution: Institution):
    chance = random.Random(5)
    columns = login.execute(
        "SELECT table_name::text, column_name::text, data_type::text"
        " FROM information_schema.columns"
        " WHERE table_schema = 'money' AND column_name <> 'institution_id'"
    ).fetchall()
    with login.transaction(force_rollback=True):
        assert findings(login, institution) == []
    done = 0
    while done < DAMAGES:
        with login.transaction(force_rollback=True):
            what = damage(login, columns, chance)
            if what is not None:
                assert findings(login, institution), f"{what}, and nothing was found"
                done += 1
    print(f"{done} damages, all found")


def test_verify__names_the_damaged_row(login: psycopg.Connection, institution: Institution):
    with login.transaction(force_rollback=True):
        row = login.execute(
            "UPDATE money.transfer SET amount_minor = amount_minor + 1 WHERE ctid ="
            " (SELECT ctid FROM money.transfer WHERE phase = 1 LIMIT 1) RETURNING entry_id, line"
        ).fetchone()
        assert row is not None
        found = findings(login, institution)
    assert f"transfer {row[0]}/{row[1]}: differs from what was recorded" in found


def test_verify__names_two_rows_that_changed_places(
    login: psycopg.Connection, institution: Institution
):
    with login.transaction(force_rollback=True):
        login.execute(
            "UPDATE money.transfer SET position = 1 - position WHERE position IN (0, 1)"
            " AND recorded_at = (SELECT recorded_at FROM money.transfer"
            " WHERE position = 1 LIMIT 1)"
        )
        found = findings(login, institution)
    assert sum("differs from what was recorded" in line for line in found) == 2


def test_verify__names_where_a_row_was_removed(login: psycopg.Connection, institution: Institution):
    with login.transaction(force_rollback=True):
        login.execute(
            "DELETE FROM money.transfer WHERE ctid ="
            " (SELECT ctid FROM money.transfer WHERE position = 1 LIMIT 1)"
        )
        found = findings(login, institution)
    assert any("misses the transfers at positions [1]" in line for line in found)
