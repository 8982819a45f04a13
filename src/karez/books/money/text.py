"""Which texts PostgreSQL can hold."""

from __future__ import annotations


def text_fault(text: str) -> str:
    """Return why this text cannot be stored, or nothing."""
    if "\x00" in text:
        return "holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    return ""
