"""The facts book: what happened and who says so, in a log that others can check.

``FactsBook.append`` is the one way in.
"""

from karez.books.facts.append import FactsBook
from karez.books.facts.batch import Appended, Attestation, Batch
from karez.books.facts.schemas import SCHEMAS, Fact, schema_of
from karez.books.facts.signer import Signer

__all__ = [
    "SCHEMAS",
    "Appended",
    "Attestation",
    "Batch",
    "Fact",
    "FactsBook",
    "Signer",
    "schema_of",
]
