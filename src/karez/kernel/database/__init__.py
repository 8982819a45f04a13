"""PostgreSQL: connections under a role, transactions of one institution, the embedded server."""

from karez.kernel.database.connection import (
    Database,
    Plans,
    Role,
    enclosing,
    explained,
    lock_head,
    transaction,
)
from karez.kernel.database.institution import (
    Institution,
    find_institution,
    list_institutions,
    open_institution,
)
from karez.kernel.database.opening import open_database

__all__ = [
    "Database",
    "Institution",
    "Plans",
    "Role",
    "enclosing",
    "explained",
    "find_institution",
    "list_institutions",
    "lock_head",
    "open_database",
    "open_institution",
    "transaction",
]
