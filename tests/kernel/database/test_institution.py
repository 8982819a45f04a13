from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from karez.kernel.database import (
    Database,
    Role,
    find_institution,
    list_institutions,
    open_institution,
)
from karez.kernel.database.errors import (
    InstitutionCodeError,
    InstitutionNotFoundError,
    InstitutionTakenError,
)


def test_open__again_answers_as_the_first_time(connection: psycopg.Connection):
    first = open_institution(connection, "acme", "Acme Credit")
    assert open_institution(connection, "acme", "Acme Credit") == first
    assert find_institution(connection, "acme") == first
    assert [each.code for each in list_institutions(connection)] == ["main", "acme"]


def test_open__under_another_name_is_a_conflict(connection: psycopg.Connection):
    open_institution(connection, "acme", "Acme Credit")
    with pytest.raises(InstitutionTakenError, match="Acme Credit"):
        open_institution(connection, "acme", "Acme Savings")


@pytest.mark.parametrize("code", ["", "Acme", "a b", "-a", "é", "a" * 64, "a\n"])
def test_open__with_a_code_that_cannot_be(connection: psycopg.Connection, code: str):
    with pytest.raises(InstitutionCodeError):
        open_institution(connection, code, "Acme")


def test_find__nobody(connection: psycopg.Connection):
    with pytest.raises(InstitutionNotFoundError, match="nobody"):
        find_institution(connection, "nobody")


def test_open__by_many_at_once(database: Database):
    codes = [f"bank{number % 8}" for number in range(16)]

    def open_one(code: str) -> int:
        with database.connect() as connection:
            return open_institution(connection, code, code).institution_id

    with ThreadPoolExecutor(8) as pool:
        numbers = dict(zip(codes, pool.map(open_one, codes), strict=True))
    assert sorted(numbers.values()) == list(range(2, 10))


def test_reader__opens_nothing(database: Database):
    with (
        database.connect(Role.READER) as reader,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        open_institution(reader, "acme", "Acme")
