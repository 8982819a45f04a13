"""Whatever is altered behind the book's back is found."""

import pytest
from psycopg import sql

from books.facts.conftest import Log
from books.facts.making import invoice
from karez.books.facts.verify import verify
from karez.kernel.database import Database

DAMAGES = {
    "UPDATE facts.entry SET leaf = set_byte(leaf, 20, get_byte(leaf, 20) # 1) WHERE entry_index = 300": {"root", "tile", "commitment"},  # noqa: E501
    "UPDATE facts.body SET body = set_byte(body, 20, get_byte(body, 20) # 1) WHERE entry_index = 9": {"commitment"},  # noqa: E501
    "UPDATE facts.body SET salt = set_byte(salt, 0, get_byte(salt, 0) # 1) WHERE entry_index = 9": {"commitment"},  # noqa: E501
    "UPDATE facts.tile SET nodes = set_byte(nodes, 99, get_byte(nodes, 99) # 4) WHERE number = 1": {"tile"},  # noqa: E501
    "UPDATE facts.tile SET root = set_byte(root, 9, get_byte(root, 9) # 4) WHERE number = 0": {"tile"},  # noqa: E501
    "DELETE FROM facts.subject": {"subject"},
    "DELETE FROM facts.tile WHERE number = 1": {"tile"},
    "UPDATE facts.checkpoint SET root = sha256('x') WHERE size = 300": {"root"},
    "UPDATE facts.checkpoint SET note = replace(note, '300', '299')": {"signature"},
    "DELETE FROM facts.checkpoint WHERE size = 600": {"checkpoint"},
    "DELETE FROM facts.entry WHERE entry_index = 5": {"gap"},
    "DELETE FROM facts.entry WHERE entry_index = 599": {"gap"},
    "UPDATE facts.log SET root = sha256('x')": {"root"},
    "UPDATE facts.log SET size = 599": {"root", "size", "checkpoint"},
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage__is_found(log: Log, database: Database, damage: str):
    log.append([invoice(n) for n in range(300)])
    log.append([invoice(n) for n in range(300, 600)])
    assert log.within(verify).findings == []
    with database.connect(None) as login:
        login.execute(sql.SQL(damage))
    report = log.within(verify)
    assert {finding.check for finding in report.findings} >= DAMAGES[damage]


def test_damage__two_entries_exchanged(log: Log, database: Database):
    log.append([invoice(n) for n in range(300)])
    with database.connect(None) as login:
        login.execute(
            "WITH a AS (SELECT leaf FROM facts.entry WHERE entry_index = 3),"
            " b AS (SELECT leaf FROM facts.entry WHERE entry_index = 4)"
            " UPDATE facts.entry"
            " SET leaf = CASE entry_index WHEN 3 THEN b.leaf ELSE a.leaf END"
            " FROM a, b WHERE entry_index IN (3, 4)"
        )
    checks = {finding.check for finding in log.within(verify).findings}
    assert checks >= {"tile", "root", "commitment"}


def test_counts__of_a_sound_log(log: Log):
    log.append([invoice(n) for n in range(600)])
    report = log.within(verify)
    counted = (report.entries, report.bodies, report.tiles, report.checkpoints)
    assert counted == (600, 600, 2, 1)
