"""Whatever comes in and is done with it, money is conserved and nothing is placed twice.

The long form: ``scripts/hard_tests.py --payment_laws 200``.
"""

import os
from itertools import count

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from karez.kernel.database import Database, Role, open_institution
from karez.kernel.errors import KarezError
from karez.services.bookkeeping import Books
from karez.services.payments import (
    assign,
    creditor_reference,
    find_payment,
    give_back,
    place,
    take_statement,
    unassign,
)
from services.payments.test_intake import paid
from services.payments.tools import ANN, BOB, CLERK, lender

LAWS = int(os.environ.get("PAYMENT_LAWS", "12"))
TOLD = st.fixed_dictionaries(
    {
        "creditor_reference": st.sampled_from(["", *map(creditor_reference, (1, 2, 9))]),
        "end_to_end": st.sampled_from(["", "E1", "E2"]),
        "account": st.sampled_from(["", "ANN", "BOB"]),
        "bank_reference": st.sampled_from(["", "B1", "B2", "B3"]),
        "remittance": st.sampled_from(["", "LN-1", "rent"]),
    }
)
AMOUNTS = st.sampled_from([1_00, 2_00, 3_00, 100_00])
ENTRIES = st.lists(
    st.one_of(
        st.builds(lambda amount, told: paid(amount, **told), AMOUNTS, TOLD),
        st.builds(lambda amount, told: paid(-amount, is_reversal=True, **told), AMOUNTS, TOLD),
        st.builds(lambda amount, told: paid(-amount, **told), AMOUNTS, TOLD),
    ),
    max_size=4,
)


RUNS = count(1)


class Payments(RuleBasedStateMachine):
    """Each run is an institution of its own."""

    connection: psycopg.Connection

    def __init__(self) -> None:
        super().__init__()
        institution = open_institution(self.connection, f"run-{next(RUNS)}", "run")
        self.bank = lender(Books(self.connection, institution, may_write=True))
        self.lent_minor = 2_400_00
        self.bank.lend(ANN)
        self.bank.lend(BOB)
        self.statements: list = []
        self.told_minor = self.confirmed_minor = self.returned_minor = self.entries = 0

    @rule(entries=ENTRIES)
    def send(self, entries) -> None:
        taken = self.bank.send(entries)
        self.statements.append(taken.statement)
        assert taken.movement_minor == taken.statement.movement_minor
        self.told_minor += taken.movement_minor - taken.known.amount_minor
        self.confirmed_minor += sum(
            line.amount_minor for (kind, _), line in taken.answers.items() if kind == "confirm"
        )
        self.entries += len(entries) - taken.known.count

    @rule(data=st.data())
    def send_again(self, data) -> None:
        if self.statements:
            old = data.draw(st.sampled_from(self.statements))
            taken = take_statement(self.bank.books, old, CLERK, file="again")
            assert (taken.already, taken.answers) == (True, {})

    @rule(number=st.integers(1, 8), loan=st.sampled_from("12"), part=st.sampled_from([None, 50]))
    def assign_one(self, number, loan, part) -> None:
        self.tried(lambda: assign(self.bank.books, number, {loan: part}, CLERK))

    @rule(number=st.integers(1, 8))
    def place_one(self, number) -> None:
        self.tried(lambda: place(self.bank.books, number, "5040", CLERK))

    @rule(number=st.integers(1, 8))
    def return_one(self, number) -> None:
        moved = self.tried(lambda: give_back(self.bank.books, number, CLERK))
        self.returned_minor += moved or 0

    @rule(number=st.integers(1, 8))
    def unassign_one(self, number) -> None:
        made = self.tried(lambda: unassign(self.bank.books, number, CLERK)) or []
        acts = {}
        if made:
            view = find_payment(self.bank.books, number)
            acts = {act.act_number: act for act in view.acts}
        self.returned_minor -= sum(
            act.suspense_minor for act in made if acts[act.mirrors].kind == "return"
        )

    def tried(self, run):
        """Do it, or be refused by name: then nothing has changed, as the invariants hold."""
        try:
            return run()
        except KarezError:
            return None

    @invariant()
    def money_is_conserved(self) -> None:
        # The book's bank account is what the bank told, what we sent and it did not yet show.
        wanted = self.told_minor - self.confirmed_minor - self.returned_minor - self.lent_minor
        assert self.bank.stands("1020") == wanted
        assert self.bank.stands("2010") == sum(
            open_minor for open_minor, _ in self.bank.queued().values()
        )

    def teardown(self) -> None:
        self.bank.check()


def test_laws(database: Database):
    with database.connect(Role.APPLICATION) as connection:
        run_state_machine_as_test(
            type("Run", (Payments,), {"connection": connection}),
            settings=settings(
                max_examples=LAWS,
                stateful_step_count=12,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
