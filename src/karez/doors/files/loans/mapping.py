"""A mapping in a file, or one that comes with Karez."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from karez.doors.files.products.sheets import sheet_text
from karez.doors.files.trade.errors import MappingUnknownError
from karez.services.importing import LoansMapping, read_mapping


def load_mapping(name: str) -> LoansMapping:
    """Return the mapping in a file, or one that comes with Karez by its name.

    Raises:
        MappingUnknownError: there is no such file, nor such a name.
        SheetBrokenError: it is no mapping; every fault is named by line and key.
    """
    file = Path(name)
    if file.is_file():
        return read_mapping(sheet_text(file), file.name)
    shipped = resources.files("karez.doors.files.loans") / "mappings"
    known = sorted(each.name.removesuffix(".toml") for each in shipped.iterdir())
    if name not in known:
        raise MappingUnknownError(name=name, known=", ".join(known))
    return read_mapping((shipped / f"{name}.toml").read_text("utf-8"), f"{name}.toml")
