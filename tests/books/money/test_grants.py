"""What the database itself refuses, whoever asks: rows change for nobody, and no one reads afar."""

from datetime import date

import attrs
import psycopg
import pytest
from psycopg import errors, sql

from karez.books.money import Batch, Entry, MoneyBook, Phase, Target, Transfer
from karez.books.money.account import Opening, open_accounts
from karez.books.money.answer import TargetKey, TargetState
from karez.books.money.post import _Posting
from karez.kernel.database import Database, Institution, Role, open_institution, transaction

DAY = date(2026, 1, 5)
TABLES = ("book", "batch", "kind", "account", "period", "note", "transfer", "seal", "line",
          "balance")  # fmt: skip


@pytest.fixture
def entry(connection: psycopg.Connection, institution: Institution) -> Entry:
    entry = Entry(DAY, [Transfer(1, 2, 100)], memo="first")
    with transaction(connection, institution.institution_id):
        open_accounts(connection, [Opening("a", "asset", "EUR"), Opening("b", "asset", "EUR")])
        MoneyBook().post_entry(connection, entry)
    return entry


def refused(connection: psycopg.Connection, institution_id: int, statement: str) -> bool:
    """Whether the statement is refused by grants; nothing of it stays."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(
                "SELECT set_config('karez.institution_id', %s, true)", (str(institution_id),)
            )
            connection.execute(sql.SQL(statement))  # pyright: ignore[reportArgumentType]
    except errors.InsufficientPrivilege:
        return True
    return False


def test_rows__change_and_vanish_for_no_role(
    database: Database, institution: Institution, entry: Entry
) -> None:
    for role in (Role.APPLICATION, Role.READER, Role.POSTER):
        with database.connect(role) as connection:
            for statement in (
                f"{words} money.{table} {rest}"
                for table in TABLES
                for words, rest in (
                    ("UPDATE", "SET institution_id = institution_id"),
                    ("DELETE FROM", ""),
                    ("TRUNCATE", ""),
                    ("DROP TABLE", ""),
                    ("ALTER TABLE", "DISABLE ROW LEVEL SECURITY"),
                )
            ):
                number = institution.institution_id
                assert refused(connection, number, statement), f"{role}: {statement}"


def test_rows__are_added_by_the_poster_alone(database: Database) -> None:
    may_insert = {
        Role.APPLICATION: {"book", "batch"},  # the head and the chain; the rest only as poster
        Role.POSTER: set(TABLES) - {"book", "batch"},
        Role.READER: set[str](),
    }
    with database.connect(None) as login:
        for role, tables in may_insert.items():
            found = login.execute(
                "SELECT relname::text FROM pg_class WHERE relnamespace = 'money'::regnamespace"
                " AND relkind = 'r' AND has_table_privilege(%s, oid, 'INSERT')",
                (role,),
            ).fetchall()
            assert {row[0] for row in found} == tables


def test_poster__reads_nothing(database: Database, institution: Institution, entry: Entry) -> None:
    with database.connect(Role.POSTER) as connection:
        for table in TABLES:
            statement = f"SELECT FROM money.{table}"
            assert refused(connection, institution.institution_id, statement)


def test_reader__cannot_post(database: Database, institution: Institution, entry: Entry) -> None:
    with (
        database.connect(Role.READER) as connection,
        pytest.raises(errors.InsufficientPrivilege),
        transaction(connection, institution.institution_id),
    ):
        MoneyBook().post_entry(connection, Entry(DAY, [Transfer(1, 2, 1)]))


def test_institution__cannot_see_another(
    database: Database, connection: psycopg.Connection, entry: Entry
) -> None:
    with database.connect(Role.OWNER) as owner:
        other = open_institution(owner, "other", "Other")
    for role in (Role.APPLICATION, Role.READER):
        with database.connect(role) as outsider, transaction(outsider, other.institution_id):
            for table in TABLES:
                count = outsider.execute(
                    sql.SQL("SELECT count(*) FROM money.{}").format(sql.Identifier(table))
                ).fetchone()
                assert count == (0,), f"{role} sees {table} of another institution"
    # The same id in another institution's book is another entry.
    with transaction(connection, other.institution_id):
        open_accounts(connection, [Opening("a", "asset", "EUR"), Opening("b", "asset", "EUR")])
        assert not MoneyBook().post_entry(connection, entry).replayed


def test_institution__cannot_write_another_s_head(
    connection: psycopg.Connection, institution: Institution, entry: Entry
) -> None:
    with transaction(connection, institution.institution_id + 1):
        moved = connection.execute("UPDATE money.book SET number = 9")
        assert moved.rowcount == 0
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(
                "INSERT INTO money.batch VALUES (%s, 9, now(), 0, %s)",
                (institution.institution_id, bytes(32)),
            )
        raise psycopg.Rollback


UNSOUND = {
    "no amount": {"amount_minor": 0},
    "below zero": {"amount_minor": -1},
    "beyond the most": {"amount_minor": 10**15 + 1},
    "same account": {"credit_account": 1},
    "no account": {"debit_account": 0},
    "phase": {"phase": 6},
    "posted that holds": {"hold_minor": 5},
    "pending that moves": {"phase": 2, "hold_minor": 5},
    "post of nothing": {"phase": 3, "hold_minor": -100},
    "void that adds": {"phase": 4, "amount_minor": 0, "hold_minor": 5},
    "half a target": {"target_line": 0},
    "line": {"line": -1},
    "balancing": {"balancing": 4},
    "asked": {"asked_minor": 0},
}


def test_check__refuses_an_unsound_row_even_of_the_poster(
    subtests: pytest.Subtests, database: Database
) -> None:
    sound = {
        "recorded_at": "2026-01-05", "debit_account": 1, "credit_account": 2, "amount_minor": 5,
        "hold_minor": 0, "checksum": 0, "entry_id": "00000000-0000-0000-0000-000000000001",
        "institution_id": 1, "line": 0, "position": 0, "valid_on": "2026-01-05", "kind": 0,
        "phase": 1, "balancing": 0,
    }  # fmt: skip
    with database.connect(Role.POSTER) as poster:
        insert_row(poster, sound)
        for name, changes in UNSOUND.items():
            row = sound | {"entry_id": "00000000-0000-0000-0000-000000000002"} | changes
            with subtests.test(name), pytest.raises(errors.CheckViolation, match="transfer_sound"):
                insert_row(poster, row)


def insert_row(poster: psycopg.Connection, row: dict[str, object]) -> None:
    poster.execute(
        sql.SQL("INSERT INTO money.transfer ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        ),
        list(row.values()),
    )


def test_target__is_taken_once_even_if_the_judge_were_wrong(
    connection: psycopg.Connection,
    institution: Institution,
    entry: Entry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = institution.institution_id
    reversals = [Entry(DAY, [Transfer(target=Target(entry.entry_id))]) for _ in range(2)]
    load = _Posting._load_targets

    def never_taken(posting: _Posting) -> dict[TargetKey, TargetState]:
        return {key: attrs.evolve(t, taken=False) for key, t in load(posting).items()}

    monkeypatch.setattr(_Posting, "_load_targets", never_taken)
    with transaction(connection, number):
        MoneyBook().post_entry(connection, reversals[0])
    with (
        pytest.raises(errors.UniqueViolation, match="transfer_target"),
        transaction(connection, number),
    ):
        MoneyBook().post_entry(connection, reversals[1])


def test_schema__has_no_trigger(database: Database) -> None:
    with database.connect(None) as login:
        triggers = login.execute(
            "SELECT tgname FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid"
            " WHERE relnamespace = 'money'::regnamespace"
        ).fetchall()
    assert triggers == []


def test_batch__of_another_phase_cannot_name_a_pending_twice(
    connection: psycopg.Connection, institution: Institution, entry: Entry
) -> None:
    held = Entry(DAY, [Transfer(1, 2, 9, phase=Phase.PENDING)])
    ends = [
        Entry(DAY, [Transfer(phase=phase, target=Target(held.entry_id))])
        for phase in (Phase.POST, Phase.VOID)
    ]
    with transaction(connection, institution.institution_id):
        outcomes = MoneyBook().post(connection, Batch.of([held, *ends]))
    assert (outcomes.posted, outcomes.refused) == (2, [2])
