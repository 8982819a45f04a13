import psycopg
import pytest

from karez.kernel.database import Institution
from karez.services.bookkeeping import Books
from services.payments.tools import Lender, lender


@pytest.fixture
def bank(connection: psycopg.Connection, institution: Institution) -> Lender:
    """A lender, and the bank that sends it statements."""
    return lender(Books(connection, institution, may_write=True))
