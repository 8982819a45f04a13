"""A table of legal caps in a TOML file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from karez.doors.files.case_errors import Fields
from karez.doors.files.price.terms import read_toml, refuse_unknown, tables
from karez.engines.price.caps import Cap, Measure
from karez.kernel.money import Currency

_FIELDS = ("jurisdiction", "rate", "measure", "source", "first_day", "last_day", "least", "most")


def read_caps(path: Path, unit: Currency) -> list[Cap]:
    """Return the caps of a file.

    Raises:
        FileUnreadableError: it is no TOML.
        CaseBrokenError: a field of a cap is missing, unknown, or holds what it must not.
    """
    fields = read_toml(path)
    refuse_unknown(fields, ("caps",))
    return [_cap(cap, unit) for cap in tables(fields, "caps")]


def _cap(fields: Fields, unit: Currency) -> Cap:
    refuse_unknown(fields, _FIELDS)
    rate = fields.number("rate")
    if rate <= 0:
        raise fields.broken("rate", "a cap is above zero, such as 0.36 for 36 %")
    more: dict[str, date | int] = {}
    for name in ("first_day", "last_day"):
        if fields.get(name) is not None:
            more[name] = _day(fields, name)
    for name in ("least", "most"):
        if fields.get(name) is not None:
            more[f"{name}_minor"] = fields.amount(name, unit.exponent)
    return Cap(
        fields.text("jurisdiction"),
        float(rate),
        fields.choice("measure", {each.value: each for each in Measure}),
        fields.text("source"),
        **more,  # pyright: ignore[reportArgumentType] - each by its own name
    )


def _day(fields: Fields, name: str) -> date:
    found = fields.get(name)
    return found if isinstance(found, date) else fields.day(name)
