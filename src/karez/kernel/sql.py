"""Named queries: all SQL lives in ``.sql`` files beside the module that runs it.

A file holds queries one after another. Each begins with a line ``-- name: post_batch`` and a
line that says what it is for; parameters are written ``%(name)s``.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import LiteralString, cast

import attrs

from karez.kernel.errors import ensure

_HEADING = re.compile(r"^-- name: (?P<name>[a-z][a-z0-9_]*)\n-- (?P<purpose>.+)\n", re.MULTILINE)


@attrs.frozen
class Query:
    """One named query of a ``.sql`` file."""

    name: str
    purpose: str
    text: LiteralString


def load_queries(package: str, file: str = "queries.sql") -> dict[str, Query]:
    """Return the queries of ``file`` in ``package``'s ``sql`` folder, by name."""
    source = (resources.files(package) / "sql" / file).read_text(encoding="utf-8")
    return parse_queries(source)


def parse_queries(source: str) -> dict[str, Query]:
    """Return the queries in ``source``, by name; a name stands once."""
    headings = list(_HEADING.finditer(source))
    ends = [heading.start() for heading in headings[1:]] + [len(source)]
    queries = {
        heading["name"]: Query(
            name=heading["name"],
            purpose=heading["purpose"],
            text=cast("LiteralString", source[heading.end() : end].strip().removesuffix(";")),
        )
        for heading, end in zip(headings, ends, strict=True)
    }
    ensure(len(queries) == len(headings), "a query name stands twice in one file")
    return queries
