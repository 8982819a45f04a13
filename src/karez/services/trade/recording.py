"""Recording trade documents as facts."""

from __future__ import annotations

import psycopg

from karez.services.evidence import Appended, Batch, Evidence


def record_documents(evidence: Evidence, batch: Batch, *, dry_run: bool = False) -> Appended:
    """Record what can be recorded of a batch in one transaction, and answer each document.

    ``dry_run`` keeps nothing; the answers are what they would be.

    Raises as ``FactsBook.append`` does.
    """
    answers: list[Appended] = []
    with evidence.transaction() as connection:
        answers.append(evidence.book.append(connection, batch))
        if dry_run:
            raise psycopg.Rollback
    return answers[0]
