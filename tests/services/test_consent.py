"""Consents: every use is checked by the database and recorded; a withdrawal is at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from books.rights.making import FUTURE, PAST, a_consent, a_use
from karez.books.rights.claim import Mode, Period
from karez.books.rights.use import begin_use
from karez.kernel.database import Database, Role
from karez.kernel.errors import KarezError
from karez.kernel.ids import new_id
from karez.kernel.money import Money, currency
from karez.services import consent as consents
from karez.services import rights
from karez.services.bookkeeping import Books, post_entries
from karez.services.bookkeeping.posting import Draft, Movement
from karez.services.evidence import Evidence

THREADS = 6


def EUR(minor: int) -> Money:  # noqa: N802 - as it is written
    return Money(minor, currency("EUR"))


IN_RANGE = date(2026, 3, 1)


def granted(books: Books, **changes: object) -> UUID:
    done = consents.grant(books, a_consent(**changes))
    assert done.right is not None
    return done.right.right_id


def refused(evidence: Evidence, use: consents.Use) -> str:
    with pytest.raises(KarezError) as caught:
        consents.begin_use(evidence, use)
    assert "{" not in caught.value.message
    return caught.value.code


USES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"receiver": "bank-b"}, "consent-receiver"),
    ({}, {"purpose": "marketing"}, "consent-purpose"),
    ({}, {"scope": "PROFILE"}, "consent-scope"),
    ({}, {"series": "bob"}, "consent-series"),
    ({}, {"mode": Mode.STREAM}, "consent-mode"),
    ({}, {"range_from": date(2025, 12, 31)}, "consent-range"),
    ({}, {"range_to": date(2026, 7, 1)}, "consent-range"),
    ({}, {"range_from": date(2026, 6, 2), "range_to": date(2026, 6, 1)}, "consent-range"),
    ({"starts_at": FUTURE - timedelta(days=1)}, {}, "consent-not-started"),
    ({"condition": "the loan is open"}, {}, "consent-condition"),
    ({}, {"amount_minor": 5, "currency": "EUR"}, "consent-amount"),
    (
        {"currency": "EUR", "amount_most_minor": 100},
        {"amount_minor": 101, "currency": "EUR"},
        "consent-amount",
    ),
    (
        {"currency": "EUR", "amount_most_minor": 100},
        {"amount_minor": 50, "currency": "USD"},
        "consent-amount",
    ),
]


@pytest.mark.parametrize(("consent", "use", "code"), USES)
def test_begin_use__refused_by_name_and_on_record(
    books: Books, evidence: Evidence, consent: dict[str, Any], use: dict[str, Any], code: str
):
    consent_id = granted(books, **consent)
    with pytest.raises(KarezError) as caught:
        consents.check_use(books, a_use(consent_id, **use))
    assert caught.value.code == code
    assert refused(evidence, a_use(consent_id, **use)) == code
    [recorded] = consents.find_consent(books, consent_id).uses
    assert (recorded.use_number, recorded.verdict) == (1, code)
    assert rights.verify(books).findings == []


def test_begin_use__expired(books: Books, evidence: Evidence):
    soon = datetime.now(UTC) + timedelta(milliseconds=200)
    consent_id = granted(books, ends_at=soon)
    threading.Event().wait(0.3)
    assert refused(evidence, a_use(consent_id)) == "consent-expired"
    assert consents.find_consent(books, consent_id).state == "expired"


def test_begin_use__unknown_and_revoked(books: Books, evidence: Evidence):
    assert refused(evidence, a_use(new_id())) == "consent-unknown"
    consent_id = granted(books)
    consents.begin_use(evidence, a_use(consent_id))
    consents.revoke(books, consent_id, reason="I moved")
    assert refused(evidence, a_use(consent_id)) == "consent-revoked"
    assert consents.find_consent(books, consent_id).state == "revoked"
    with pytest.raises(KarezError) as caught:
        consents.revoke(books, consent_id)
    assert caught.value.code == "right-state"


def test_begin_use__paused_and_resumed(books: Books, evidence: Evidence):
    consent_id = granted(books, uses_most=5)
    consents.begin_use(evidence, a_use(consent_id))
    consents.pause(books, consent_id, reason="a question")
    assert refused(evidence, a_use(consent_id)) == "consent-paused"
    assert consents.find_consent(books, consent_id).state == "paused"
    with pytest.raises(KarezError, match="paused"):
        consents.pause(books, consent_id)
    consents.resume(books, consent_id)
    consents.begin_use(evidence, a_use(consent_id))
    with pytest.raises(KarezError, match="in force"):
        consents.resume(books, consent_id)
    verdicts = [use.verdict for use in consents.find_consent(books, consent_id).uses]
    assert verdicts == ["allowed", "consent-paused", "allowed"]
    consents.pause(books, consent_id)
    consents.revoke(books, consent_id)
    assert refused(evidence, a_use(consent_id)) == "consent-revoked"
    with pytest.raises(KarezError) as caught:
        consents.resume(books, new_id())
    assert caught.value.code == "consent-unknown"
    assert rights.verify(books).findings == []


def test_pause__shuts_what_lies_open(statement: Books, evidence: Evidence, database: Database):
    consent_id = granted(statement, uses_most=5)
    use = a_use(consent_id)
    consents.begin_use(evidence, use)
    consents.pause(statement, consent_id)
    with (
        pytest.raises(KarezError) as caught,
        consents.open_shared(evidence, database, use) as connection,
    ):
        connection.execute("SELECT * FROM shared.statement_line").fetchall()
    assert caught.value.code == "consent-paused"
    consents.resume(statement, consent_id)
    with consents.open_shared(evidence, database, use) as connection:
        connection.execute("SELECT * FROM shared.statement_line").fetchall()


def test_begin_use__frequency_and_total(books: Books, evidence: Evidence):
    consent_id = granted(books, uses_most=2, uses_period=Period.HOUR)
    use = a_use(consent_id)
    consents.begin_use(evidence, use)
    consents.begin_use(evidence, use)  # the same use once more is no other
    consents.begin_use(evidence, a_use(consent_id))
    assert refused(evidence, a_use(consent_id)) == "consent-frequency"
    limited = granted(books, currency="EUR", total_most_minor=100, uses_most=9)
    consents.begin_use(evidence, a_use(limited, amount_minor=60, currency="EUR"))
    assert refused(evidence, a_use(limited, amount_minor=41, currency="EUR")) == "consent-amount"
    consents.begin_use(evidence, a_use(limited, amount_minor=40, currency="EUR"))
    assert rights.verify(books).findings == []


def test_begin_use__condition_and_data_life(books: Books, evidence: Evidence):
    consent_id = granted(books, condition="the loan is open")
    use = a_use(consent_id, condition_evidence="fct_1", mode=Mode.STORE)
    consents.begin_use(evidence, use)
    [recorded] = consents.find_consent(books, consent_id).uses
    assert recorded.keep_until == recorded.used_at + timedelta(days=30)


def test_desk__many_threads_and_one_that_cannot_be_a_fact(
    books: Books, evidence: Evidence, database: Database
):
    """Each use is judged by itself; the last that is left is taken once; all have their facts."""
    few, many = granted(books, uses_most=3), granted(books, uses_most=100)
    asked = [a_use(few) for _ in range(8)] + [a_use(many) for _ in range(20)]
    asked.append(a_use(many, reader="x" * 100_000))

    def begin(use: consents.Use) -> str:
        try:
            desk.begin(use)
        except KarezError as error:
            return error.code
        return "allowed"

    number = evidence.institution.institution_id
    with (
        consents.UseDesk(database.connect, number, evidence.book) as desk,
        ThreadPoolExecutor(len(asked)) as pool,
    ):
        codes = list(pool.map(begin, asked))
    assert sorted(codes[:8]) == ["allowed"] * 3 + ["consent-frequency"] * 5
    assert codes[8:28] == ["allowed"] * 20
    assert codes[28] == "fact-malformed"
    found = consents.find_consent(books, many)
    assert len(found.uses) == 20
    assert all(len(found.facts[each.use.use_id]) == 1 for each in found.uses)
    assert rights.verify(books).findings == []


def test_begin_use__the_last_one_is_taken_once(
    database: Database, books: Books, evidence: Evidence
):
    """Threads that ask at once for the one use that is left: one has it, the others are refused."""
    consent_id = granted(books, uses_most=1, uses_period=Period.ONCE)
    gate = threading.Barrier(THREADS)

    def one(_: int) -> str:
        with database.connect(Role.APPLICATION) as connection:
            mine = Evidence(connection, books.institution, evidence.keys)
            gate.wait()
            try:
                consents.begin_use(mine, a_use(consent_id))
            except KarezError as error:
                return error.code
            return "allowed"

    with ThreadPoolExecutor(THREADS) as pool:
        ended = sorted(pool.map(one, range(THREADS)))
    assert ended == ["allowed"] + ["consent-frequency"] * (THREADS - 1)
    assert [u.use_number for u in consents.find_consent(books, consent_id).uses] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert rights.verify(books).findings == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "purposes"),
        ({"purposes": ("underwriting",), "ends_at": PAST + timedelta(days=31)}, "validity days"),
        ({"range_to": date(2029, 1, 1)}, "range days"),
        ({"data_life_days": 181}, "data life days"),
        ({"uses_most": 5}, "uses a day"),
        ({"scopes": ("GENOME",)}, "scopes"),
        ({"template": "nothing"}, None),
    ],
)
def test_grant__beyond_its_template(books: Books, changes: dict[str, Any], field: str | None):
    starts = datetime.now(UTC)
    fair = {"template": "underwriting", "starts_at": starts, "ends_at": starts + timedelta(days=30)}
    if changes.get("ends_at"):
        changes = changes | {"ends_at": starts + timedelta(days=31)}
    if not changes:
        changes = {"purposes": ("underwriting", "marketing")}
    granted(books, **fair)
    with pytest.raises(KarezError) as caught:
        granted(books, **(fair | changes))
    assert caught.value.code == ("template-exceeded" if field else "template-unknown")
    assert caught.value.details.get("field") == field


@pytest.fixture
def statement(books: Books) -> Books:
    """Three lines on the account ``ann``, one outside the range, and one of ``bob``."""
    days = (date(2025, 12, 31), IN_RANGE, IN_RANGE)
    drafts = [Draft(day, [Movement("cash", "ann", EUR(100))]) for day in days]
    post_entries(books, [*drafts, Draft(IN_RANGE, [Movement("cash", "bob", EUR(7))])])
    return books


def test_read_statement__gives_what_is_covered(
    statement: Books, evidence: Evidence, database: Database
):
    consent_id = granted(statement)
    lines = consents.read_statement(evidence, database, a_use(consent_id))
    assert [(line.account, line.valid_on, line.amount_minor) for line in lines] == [
        ("ann", IN_RANGE, 100), ("ann", IN_RANGE, 100),
    ]  # fmt: skip
    [recorded] = consents.find_consent(statement, consent_id).uses
    assert recorded.row_count == 2
    with (
        pytest.raises(KarezError) as caught,
        consents.open_shared(evidence, database, recorded.use) as connection,
    ):
        connection.execute("SELECT * FROM shared.statement_line").fetchall()
    assert caught.value.code == "consent-use", "what has ended opens nothing"


def test_receiver__sees_nothing_without_a_use(
    statement: Books, evidence: Evidence, database: Database
):
    """Whatever the query: the role that reads has no way to a row but through an open use."""
    consent_id = granted(statement)
    never_begun = a_use(consent_id)
    with consents.open_shared(evidence, database, never_begun) as connection:
        assert connection.execute("SELECT * FROM shared.statement_line").fetchall() == []
    for table in ("money.transfer", "money.line", "rights.consent", "rights.consent_use"):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            consents.open_shared(evidence, database, never_begun) as connection,
        ):
            connection.execute(f"SELECT * FROM {table}")
    with pytest.raises(KarezError):
        consents.begin_use(evidence, refused_use := a_use(consent_id, purpose="marketing"))
    with (
        pytest.raises(KarezError),
        consents.open_shared(evidence, database, refused_use) as connection,
    ):
        connection.execute("SELECT * FROM shared.statement_line").fetchall()


def test_receiver__a_use_rolled_back_opens_nothing(statement: Books):
    """Nobody reads in the transaction that begins the use and then lets it be forgotten."""
    use = a_use(granted(statement))
    with (  # noqa: PT012 - its several statements are the case
        pytest.raises(psycopg.DatabaseError) as caught,
        statement.transaction() as connection,
    ):
        assert begin_use(connection, use) is None
        connection.execute("SELECT set_config('karez.use_id', %s, TRUE)", [str(use.use_id)])
        connection.execute("SET LOCAL ROLE karez_receiver")
        connection.execute("SELECT * FROM shared.statement_line").fetchall()
    assert caught.value.diag.message_primary == "consent-use"


def test_revoke__ends_transactions_that_are_reading(
    statement: Books, evidence: Evidence, database: Database
):
    """A reader in the middle of a transaction sees nothing more once it is withdrawn."""
    use = a_use(granted(statement))
    consents.begin_use(evidence, use)
    with (  # noqa: PT012 - its several statements are the case
        pytest.raises(KarezError) as caught,
        consents.open_shared(evidence, database, use) as reading,
    ):
        assert len(reading.execute("SELECT * FROM shared.statement_line").fetchall()) == 2
        consents.revoke(statement, use.consent_id)
        reading.execute("SELECT * FROM shared.statement_line").fetchall()
    assert caught.value.code == "consent-revoked"


def test_revoke__ends_a_statement_that_is_reading(
    statement: Books, evidence: Evidence, database: Database
):
    """Also between two rows of one statement."""
    drafts = [Draft(IN_RANGE, [Movement("cash", "ann", EUR(n + 1))]) for n in range(500)]
    post_entries(statement, drafts)
    use = a_use(granted(statement))
    consents.begin_use(evidence, use)
    with (  # noqa: PT012 - its several statements are the case
        pytest.raises(KarezError) as caught,
        consents.open_shared(evidence, database, use) as reading,
        reading.cursor("rows") as cursor,
    ):
        cursor.execute("SELECT * FROM shared.statement_line")
        assert len(cursor.fetchmany(5)) == 5
        consents.revoke(statement, use.consent_id)
        cursor.fetchall()
    assert caught.value.code == "consent-revoked"


def test_open_shared__only_where_a_withdrawal_is_seen(
    statement: Books, evidence: Evidence, database: Database
):
    use = a_use(granted(statement))
    consents.begin_use(evidence, use)
    with (  # noqa: PT012 - its several statements are the case
        pytest.raises(KarezError) as caught,
        consents.open_shared(evidence, database, use) as reading,
    ):
        reading.execute("ROLLBACK")
        reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        institution = str(statement.institution.institution_id)
        reading.execute("SELECT set_config('karez.institution_id', %s, TRUE)", [institution])
        reading.execute("SELECT set_config('karez.use_id', %s, TRUE)", [str(use.use_id)])
        reading.execute("SELECT * FROM shared.statement_line").fetchall()
    assert caught.value.code == "consent-isolation"


def test_consents__of_whom_and_to_whom(books: Books):
    first = granted(books)
    second = granted(books, grantor="bob", receiver="bank-b")
    assert consents.list_consents(books) == [first, second]
    assert consents.list_consents(books, grantor="bob") == [second]
    assert consents.list_consents(books, receiver="bank-a") == [first]
