"""Accounts, roles, what lets somebody in, four eyes at the database, and the chain of the audit."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import errors as faults

from karez.kernel.database import Database, Institution, Role, open_institution
from karez.services import access
from karez.services.access import (
    Act,
    Actor,
    ActorKind,
    Membership,
    PassKind,
    Proposal,
    Verdict,
    totp,
)
from karez.services.access.errors import (
    AccountNameError,
    AccountTakenError,
    AccountUnknownError,
    CodeWrongError,
    KeyBusyError,
    KeyReusedError,
    NotSignedInError,
    OwnProposalError,
    PasswordWeakError,
    ProposalDecidedError,
    ProposalUnknownError,
    RoleUnknownError,
    SignInRefusedError,
)
from karez.services.bookkeeping import Books, open_books

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def books(connection: psycopg.Connection, institution: Institution) -> Books:
    """The books of the one institution."""
    return Books(connection, institution, may_write=True)


def actor(books: Books, name: str, *roles: str, person_of: Actor | None = None) -> Actor:
    """Return a new person with these roles, or another account of one."""
    person = None if person_of is None else person_of.person_id
    account = access.add_account(books, name, person_id=person, by="test")
    for role in roles:
        access.give_role(books, name, Membership(role), by="test")
    made = access.make_pass(books, account.account_id, PassKind.SESSION)
    return access.enter(books, made.text, [PassKind.SESSION]).actor


def proposed(books: Books, maker: Actor):
    with books.transaction() as connection:
        wanted = Proposal(
            operation="loans.write-off", target="loan:1", given="{}", effect="{}",
            amount_minor=None, maker=maker, reason="gone",
        )  # fmt: skip
        return access.propose(connection, wanted)


def decided(books: Books, proposal_id, checker: Actor, verdict: Verdict):
    with books.transaction() as connection:
        return access.decide(connection, proposal_id, checker, verdict, "seen")


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")]
)
def test_totp__is_that_of_rfc_6238(seconds: int, code: str):
    assert totp(b"12345678901234567890", seconds // 30) == code


def test_grant__the_widest_of_all_roles_counts(books: Books):
    access.add_account(books, "li", by="test")
    access.give_role(books, "li", Membership("teller", 100, frozenset({"north"})), by="test")
    access.give_role(books, "li", Membership("officer", 500, frozenset({"south"})), by="test")
    li = actor(books, "wang", "auditor")
    assert li.grant("loans.read") is not None
    assert li.grant("loans.repay") is None
    account = access.find_account(books, "li")
    both = Actor(
        actor_id=account.account_id, person_id=account.person_id, name="li", full_name="Li",
        kind=ActorKind.PERSON, memberships=account.memberships,
    )  # fmt: skip
    granted = both.grant("payments.read")
    assert granted is not None
    assert granted.amount_most_minor == 500
    assert granted.outlets == {"north", "south"}
    access.take_role(books, "li", "officer")
    assert [one.role for one in access.find_account(books, "li").memberships] == ["teller"]


def test_account__names_roles_and_unknown_ones(books: Books):
    access.add_account(books, "li", by="test")
    with pytest.raises(AccountTakenError):
        access.add_account(books, "li", by="test")
    with pytest.raises(AccountNameError):
        access.add_account(books, "Li Wei", by="test")
    with pytest.raises(RoleUnknownError):
        access.give_role(books, "li", Membership("king"), by="test")
    with pytest.raises(AccountUnknownError):
        access.end_account(books, "nobody")


def test_session__ends_with_its_account(books: Books):
    account = access.add_account(books, "li", by="test")
    made = access.make_pass(books, account.account_id, PassKind.SESSION)
    assert access.enter(books, made.text, [PassKind.SESSION]).actor.name == "li"
    access.end_account(books, "li")
    with pytest.raises(NotSignedInError):
        access.enter(books, made.text, [PassKind.SESSION])


def test_session__that_has_run_out_or_stood_idle_lets_nobody_in(books: Books, database: Database):
    account = access.add_account(books, "li", by="test")
    short = access.make_pass(
        books, account.account_id, PassKind.SESSION, lasts=timedelta(microseconds=1)
    )
    idle = access.make_pass(books, account.account_id, PassKind.SESSION)
    with database.connect(Role.OWNER) as owner:
        owner.execute("UPDATE access.pass SET seen_at = seen_at - interval '31 minutes'")
    for each in (short, idle):
        with pytest.raises(NotSignedInError):
            access.enter(books, each.text, [PassKind.SESSION])


def test_pass__of_another_kind_is_none(books: Books):
    account = access.add_account(books, "li", by="test")
    link = access.make_pass(books, account.account_id, PassKind.LINK)
    with pytest.raises(NotSignedInError):
        access.enter(books, link.text, [PassKind.SESSION, PassKind.KEY])
    assert access.end_passes(books, account.account_id, [PassKind.LINK]) == 1
    with pytest.raises(NotSignedInError):
        access.enter(books, link.text, [PassKind.LINK])


def test_pass__is_not_in_the_database(books: Books, database: Database):
    account = access.add_account(books, "li", by="test")
    made = access.make_pass(books, account.account_id, PassKind.KEY)
    with database.connect(Role.OWNER) as owner:
        rows = owner.execute("SELECT pass::text FROM access.pass").fetchall()
    assert made.text not in str(rows)


def test_sign_in__by_password_and_a_code_that_works_once(books: Books):
    account = access.add_account(books, "li", by="test")
    with pytest.raises(PasswordWeakError):
        access.set_password(books, account.account_id, "short")
    access.set_password(books, account.account_id, PASSWORD)
    with pytest.raises(CodeWrongError):
        access.confirm_totp(books, account.account_id, SECRET, "000000", NOW)
    step = int(NOW.timestamp()) // 30
    secret = b"12345678901234567890"
    access.confirm_totp(books, account.account_id, SECRET, totp(secret, step), NOW)
    later = NOW + timedelta(minutes=2)
    code = totp(secret, step + 4)
    made = access.sign_in(books, "li", PASSWORD, code, now=later)
    assert access.enter(books, made.text, [PassKind.SESSION]).actor.name == "li"
    with pytest.raises(SignInRefusedError):
        access.sign_in(books, "li", PASSWORD, code, now=later)


def test_sign_in__is_refused_after_five_failures_even_with_the_password(books: Books):
    account = access.add_account(books, "li", by="test")
    access.set_password(books, account.account_id, PASSWORD)
    for _ in range(5):
        with pytest.raises(SignInRefusedError):
            access.sign_in(books, "li", "wrong", "", now=NOW)
    with pytest.raises(SignInRefusedError):
        access.sign_in(books, "li", PASSWORD, "", now=NOW)
    with pytest.raises(SignInRefusedError) as nobody:
        access.sign_in(books, "nobody", PASSWORD, "", now=NOW)
    assert "nobody" not in nobody.value.message


def test_security__a_maker_cannot_approve_own_work_nor_by_another_account(books: Books):
    maker = actor(books, "li", "accountant")
    twin = actor(books, "li.second", "accountant", person_of=maker)
    checker = actor(books, "wang", "accountant")
    proposal = proposed(books, maker)
    for own in (maker, twin):
        with pytest.raises(OwnProposalError):
            decided(books, proposal, own, Verdict.APPROVED)
    with pytest.raises(OwnProposalError):
        decided(books, proposal, checker, Verdict.WITHDRAWN)
    decided(books, proposal, checker, Verdict.APPROVED)
    with pytest.raises(ProposalDecidedError):
        decided(books, proposal, checker, Verdict.REFUSED)


def test_security__the_database_itself_refuses_own_approval(books: Books):
    maker = actor(books, "li", "accountant")
    proposal = proposed(books, maker)
    approve = """
        UPDATE access.proposal SET verdict = 'approved', checker_id = %(me)s, checker = 'li',
            checker_person_id = %(me)s, verdict_reason = '', decided_at = now()
        WHERE proposal_id = %(proposal)s
    """
    with pytest.raises(faults.CheckViolation), books.transaction() as connection:
        connection.execute(approve, {"me": maker.person_id, "proposal": proposal})
    change = "UPDATE access.proposal SET maker_person_id = gen_random_uuid()"
    with pytest.raises(faults.InsufficientPrivilege), books.transaction() as connection:
        connection.execute(change)
    rewrite = "UPDATE access.audit SET reason = 'other'"
    with pytest.raises(faults.InsufficientPrivilege), books.transaction() as connection:
        connection.execute(rewrite)


def test_proposal__of_another_institution_is_not_there(books: Books, database: Database):
    maker = actor(books, "li", "accountant")
    proposal = proposed(books, maker)
    with database.connect() as connection:
        open_institution(connection, "other", "Another lender")
    with open_books(database, "other") as others:
        with pytest.raises(ProposalUnknownError):
            access.find_proposal(others, proposal)
        assert access.list_proposals(others, waiting=False) == []


def test_key__is_held_by_one_at_a_time(books: Books, database: Database):
    me = actor(books, "li")
    with open_books(database, "main") as others, books.transaction() as connection:
        assert access.claim_key(connection, me.actor_id, "k", bytes(32)) is None
        with pytest.raises(KeyBusyError), others.transaction() as other:
            access.claim_key(other, me.actor_id, "k", bytes(32))
        access.keep_answer(connection, me.actor_id, "k", bytes(32), b"{}", None)
    with books.transaction() as connection:
        kept = access.claim_key(connection, me.actor_id, "k", bytes(32))
        assert kept is not None
        assert kept.document == b"{}"
    with pytest.raises(KeyReusedError), books.transaction() as connection:
        access.claim_key(connection, me.actor_id, "k", bytes(31) + b"1")
    with books.transaction() as connection:
        assert access.forget_answers(connection) == 0
        assert access.forget_answers(connection, timedelta(0)) == 1


def test_audit__every_change_is_found(books: Books, database: Database):
    me = actor(books, "li")
    for number in range(3):
        with books.transaction() as connection:
            act = Act(
                actor=me, operation="loans.repay", target="loan:1", given="{}", before="",
                after=str(number), reason="", request_id="r",
            )  # fmt: skip
            assert access.write_audit(connection, act) == number + 1
    assert access.verify(books).findings == []
    assert access.verify(books).rows == 3
    damages = (
        "UPDATE access.audit SET after = '7' WHERE audit_number = 2",
        "DELETE FROM access.audit WHERE audit_number = 3",
        "DELETE FROM access.audit WHERE audit_number = 1",
    )
    found: list[set[str]] = []
    with database.connect(Role.OWNER) as owner:
        for damage in damages:
            owner.execute(damage.encode())
            found.append({finding.check for finding in access.verify(books).findings})
    assert "audit-digest" in found[0]
    assert "audit-head" in found[1]
    assert "audit-gap" in found[2]
