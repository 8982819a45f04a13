"""The book against its model: random sequences of everything that can be done to a book."""

from books.money.machine import run_machines
from karez.books.money.answer import Answer
from karez.kernel.database import Database


def test_book__answers_as_its_model(database: Database) -> None:
    counts = run_machines(database.conninfo, sequences=200, steps=100)
    seldom = {answer.name for answer in Answer if counts[answer.name] < 20}
    # Batch.of refuses amounts and dates out of range, and makes no malformed batch.
    assert seldom <= {"AMOUNT_TOO_LARGE", "DATE_RANGE", "ENTRY_MALFORMED"}
