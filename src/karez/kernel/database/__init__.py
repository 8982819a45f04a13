"""PostgreSQL: connections under a role, transactions for one institution, migrations, the server."""

from karez.kernel.database.connection import Database, Role, transaction
from karez.kernel.database.institution import Institution, find_institution, open_institution

__all__ = [
    "Database",
    "Institution",
    "Role",
    "find_institution",
    "open_institution",
    "transaction",
]
