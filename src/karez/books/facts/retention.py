"""What must be kept, and until when: a table of classes, by schema."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib import resources
from typing import Any, Self

import attrs

from karez.books.facts.errors import FactKeptError, RetentionMalformedError


@attrs.frozen
class Period:
    """Years after the end of the year of a fact, and why."""

    years: int
    basis: str


@attrs.frozen
class Retention:
    """For each schema how long its bodies are kept; one that is not named may be erased at once."""

    periods: Mapping[str, Period]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the table that a TOML text holds, in the form of ``retention.toml``.

        Raises:
            RetentionMalformedError: it is no such table.
        """
        try:
            document: dict[str, Any] = tomllib.loads(text)
            classes = {
                name: Period(int(fields["years"]), str(fields["basis"]))
                for name, fields in document["class"].items()
            }
            return cls({schema: classes[name] for schema, name in document["schema"].items()})
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as fault:
            raise RetentionMalformedError(reason=f"{type(fault).__name__} {fault}") from fault

    @classmethod
    def standard(cls) -> Self:
        """Return the table that comes with Karez."""
        file = resources.files("karez.books.facts") / "retention.toml"
        return cls.parse(file.read_text(encoding="utf-8"))

    def check(self, index: int, schema: str, valid_on: date, today: date) -> FactKeptError | None:
        """Return why a fact must be kept today, None if it may be erased."""
        period = self.periods.get(schema)
        if period is None:
            return None
        until = date(valid_on.year + period.years, 12, 31)
        if until < today:
            return None
        return FactKeptError(index=index, until=until.isoformat(), basis=period.basis)
