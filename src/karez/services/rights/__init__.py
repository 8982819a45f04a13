"""The use cases of claims on things: record what happens to them, search, certify, verify."""

from karez.books.rights.claim import Claim, Debtor, Kind, Thing
from karez.books.rights.event import (
    Amend,
    Cancel,
    Event,
    Finance,
    Recorded,
    Register,
    Release,
    Renew,
    Reserve,
    Subordinate,
    Transfer,
)
from karez.books.rights.history import Right, State
from karez.books.rights.names import Debt, Match
from karez.books.rights.read import RightView
from karez.books.rights.record import Done
from karez.books.rights.search import Certificate, Search
from karez.books.rights.serials import Scheme
from karez.books.rights.verify import Verification
from karez.services.rights.claims import (
    find_certificate,
    find_right,
    preview,
    record,
    record_one,
    search,
    verify,
)

__all__ = [
    "Amend",
    "Cancel",
    "Certificate",
    "Claim",
    "Debt",
    "Debtor",
    "Done",
    "Event",
    "Finance",
    "Kind",
    "Match",
    "Recorded",
    "Register",
    "Release",
    "Renew",
    "Reserve",
    "Right",
    "RightView",
    "Scheme",
    "Search",
    "State",
    "Subordinate",
    "Thing",
    "Transfer",
    "Verification",
    "find_certificate",
    "find_right",
    "preview",
    "record",
    "record_one",
    "search",
    "verify",
]
