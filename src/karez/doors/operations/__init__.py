"""One table of operations over the services, and the one way to run them."""

from karez.doors.operations.office import Office, Offices
from karez.doors.operations.operation import AnyOperation, Call, Control, Operation, Retry
from karez.doors.operations.perform import Answer, Asked, ask, perform
from karez.doors.operations.table import OPERATIONS

__all__ = [
    "OPERATIONS",
    "Answer",
    "AnyOperation",
    "Asked",
    "Call",
    "Control",
    "Office",
    "Offices",
    "Operation",
    "Retry",
    "ask",
    "perform",
]
