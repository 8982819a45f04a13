"""The use cases of parties: who borrows, stands surety and belongs together."""

from karez.services.parties.errors import (
    PartyKindError,
    PartyMalformedError,
    PartyMergeError,
    PartyNotFoundError,
    TieRefusedError,
)
from karez.services.parties.party import Kind, Known, Party, Tie, TieKind
from karez.services.parties.register import (
    Outcome,
    find_parties,
    find_party,
    parties_named,
    read_parties,
    record_parties,
    search_parties,
)
from karez.services.parties.ties import list_ties, tie, ties_between

__all__ = [
    "Kind",
    "Known",
    "Outcome",
    "Party",
    "PartyKindError",
    "PartyMalformedError",
    "PartyMergeError",
    "PartyNotFoundError",
    "Tie",
    "TieKind",
    "TieRefusedError",
    "find_parties",
    "find_party",
    "list_ties",
    "parties_named",
    "read_parties",
    "record_parties",
    "search_parties",
    "tie",
    "ties_between",
]
