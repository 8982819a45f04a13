"""The book against its model: random sequences of everything that can be done to a book.

The long form: ``scripts/hard_tests.py --sequences 10000``.
"""

import os

from books.money.machine import run_machines
from karez.books.money.answer import Answer
from karez.kernel.database import Database

SEQUENCES = int(os.environ.get("SEQUENCES", "60"))
STEPS = int(os.environ.get("STEPS", "100"))


def test_book__answers_as_its_model(database: Database) -> None:
    counts = run_machines(database.conninfo, sequences=SEQUENCES, steps=STEPS)
    print(f"{SEQUENCES} sequences of {STEPS} steps: {dict(counts)}")
    seldom = {answer.name for answer in Answer if counts[answer.name] < SEQUENCES // 10}
    # Batch.of refuses amounts and dates out of range, and makes no malformed batch.
    assert seldom <= {"AMOUNT_TOO_LARGE", "DATE_RANGE", "ENTRY_MALFORMED"}
