"""A register on the new database of a test."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
import pytest

from karez.kernel.database import Institution, transaction

Begin = Callable[[], AbstractContextManager[psycopg.Connection]]


@pytest.fixture
def begin(connection: psycopg.Connection, institution: Institution) -> Begin:
    """Begins a transaction in the register."""
    return lambda: transaction(connection, institution.institution_id)
