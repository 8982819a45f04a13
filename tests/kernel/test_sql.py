"""Named queries: found by name, with their purpose, from a package's own folder."""

import pytest

from karez.kernel.sql import Query, load_queries, parse_queries

SOURCE = """\
-- What stands before the first name is a comment on the file.

-- name: balance_of
-- The balance of one account.
-- A further line belongs to the query.
SELECT 1; SELECT %(account)s;

-- name: accounts
-- Every account.
SELECT 2
"""


def test_parse__two_queries():
    assert parse_queries(SOURCE) == {
        "balance_of": Query(
            "balance_of",
            "The balance of one account.",
            "-- A further line belongs to the query.\nSELECT 1; SELECT %(account)s",
        ),
        "accounts": Query("accounts", "Every account.", "SELECT 2"),
    }


def test_parse__a_name_stands_once():
    with pytest.raises(AssertionError, match="twice"):
        parse_queries(SOURCE + "-- name: accounts\n-- Again.\nSELECT 3;\n")


def test_load__from_the_sql_folder_of_a_package(tmp_path, monkeypatch):
    folder = tmp_path / "well" / "sql"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "queries.sql").write_text(SOURCE, encoding="utf-8")
    (folder / "other.sql").write_text("-- name: one\n-- One.\nSELECT 'é';\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert load_queries("well") == parse_queries(SOURCE)
    assert load_queries("well", "other.sql")["one"].text == "SELECT 'é'"
