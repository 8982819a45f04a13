"""Four eyes and codes: what even somebody at the database, or at a strange keyboard, cannot do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from psycopg import errors as faults

from karez.kernel.database import Database, Institution
from karez.kernel.ids import new_id
from karez.services import access
from karez.services.access import Account
from karez.services.access.errors import CodeWrongError, SignInRefusedError
from karez.services.access.sign_in import FAILURES_MOST
from karez.services.bookkeeping import Books, open_books

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
STRANGE = "١٢٣٤٥٦"  # 123456 in Arabic
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    return Books(connection, institution, may_write=True)


@pytest.fixture
def ann(books: Books) -> Account:
    return access.add_account(books, "ann", by="test")


def approve(books: Books, proposal_id: UUID, checker_id: UUID, person_id: UUID) -> None:
    with books.transaction() as connection:
        connection.execute(
            "UPDATE access.proposal SET verdict = 'approved', checker_id = %s,"
            " checker_person_id = %s, checker = 'x', verdict_reason = '', decided_at = now()"
            " WHERE proposal_id = %s",
            (checker_id, person_id, proposal_id),
        )


def insert(books: Books, maker: Account, person_id: UUID) -> UUID:
    proposal_id = new_id()
    with books.transaction() as connection:
        connection.execute(
            "INSERT INTO access.proposal (institution_id, proposal_id, operation, target, given,"
            " effect, maker_id, maker_person_id, maker, reason, expires_at)"
            " VALUES (1, %s, 'x', '', '{}', '{}', %s, %s, %s, '', now() + interval '1 day')",
            (proposal_id, maker.account_id, person_id, maker.name),
        )
    return proposal_id


def test_security__no_sql_approves_own_work_under_a_false_person(books: Books, ann: Account):
    second = access.add_account(books, "ann.two", person_id=ann.person_id, by="test")
    bob = access.add_account(books, "bob", by="test")
    proposal_id = insert(books, ann, ann.person_id)
    for account in (ann, second):
        with pytest.raises(faults.CheckViolation):
            approve(books, proposal_id, account.account_id, ann.person_id)
        for false in (bob.person_id, new_id()):
            with pytest.raises(faults.InsufficientPrivilege):
                approve(books, proposal_id, account.account_id, false)
    with pytest.raises(faults.InsufficientPrivilege):
        approve(books, proposal_id, new_id(), bob.person_id)
    approve(books, proposal_id, bob.account_id, bob.person_id)


def test_security__no_sql_begins_work_under_a_false_person(books: Books, ann: Account):
    bob = access.add_account(books, "bob", by="test")
    with pytest.raises(faults.InsufficientPrivilege):
        insert(books, ann, bob.person_id)


@pytest.mark.parametrize("code", [STRANGE, "é", "", "12345", "1234567", "\ud800"])
def test_security__a_code_in_another_script_is_a_wrong_code(books: Books, ann: Account, code: str):
    with pytest.raises(CodeWrongError):
        access.confirm_totp(books, ann.account_id, SECRET, code, NOW)


def test_security__a_sign_in_with_a_code_in_another_script_is_refused(books: Books, ann: Account):
    access.set_password(books, ann.account_id, "correct horse battery")
    secret = bytes(range(20))
    with books.transaction() as connection:
        connection.execute("UPDATE access.account SET totp_secret = %s", (secret,))
    with pytest.raises(SignInRefusedError):
        access.sign_in(books, "ann", "correct horse battery", STRANGE, now=NOW)


def test_security__guesses_at_once_are_counted_one_after_another(
    books: Books, ann: Account, database: Database
):
    access.set_password(books, ann.account_id, "correct horse battery")

    def guess() -> None:
        with open_books(database, "main") as others:
            access.sign_in(others, "ann", "correct horse battery", "", now=NOW)

    with ThreadPoolExecutor(1) as pool:
        with books.transaction() as connection:
            connection.execute("SELECT FROM access.account FOR NO KEY UPDATE")
            guessing = pool.submit(guess)
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while connection.execute(waiting).fetchone() == (0,) and not guessing.done():
                pass
            for _ in range(FAILURES_MOST):
                connection.execute(
                    "INSERT INTO access.failure (institution_id, name, failure_id)"
                    " VALUES (1, 'ann', %s)",
                    (new_id(),),
                )
        with pytest.raises(SignInRefusedError):
            guessing.result()
