"""Books of loans from other systems, taken in and held to what their sources say."""

from karez.services.importing.importing import (
    Difference,
    Reconciliation,
    Refused,
    import_loans,
)
from karez.services.importing.mapping import Assume, Joined, LoansMapping
from karez.services.importing.reading import read_mapping
from karez.services.importing.source import SourceLoan, events_of, terms_of

__all__ = [
    "Assume",
    "Difference",
    "Joined",
    "LoansMapping",
    "Reconciliation",
    "Refused",
    "SourceLoan",
    "events_of",
    "import_loans",
    "read_mapping",
    "terms_of",
]
