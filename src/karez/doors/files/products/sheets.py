"""A term sheet in a file."""

from __future__ import annotations

from pathlib import Path

from karez.doors.files.errors import FileUnreadableError
from karez.services.products import TermSheet, read_sheet


def sheet_text(path: Path) -> str:
    """Return the text of a term sheet.

    Raises:
        FileUnreadableError: the file cannot be read, or is no text in UTF-8.
    """
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else str(fault)
        raise FileUnreadableError(file=path, format="TOML", reason=reason) from fault


def open_sheet(path: Path) -> TermSheet:
    """Return the term sheet in a file. Raises as ``sheet_text`` and ``read_sheet`` do."""
    return read_sheet(sheet_text(path), path.name)
