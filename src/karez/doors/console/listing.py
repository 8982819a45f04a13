"""The state of a list, which is its URL: what is filtered, in which order, from which row on."""

from __future__ import annotations

from urllib.parse import urlencode

import attrs
from starlette.requests import Request

PLACE = ("after", "before")  # cursors: another filter or order begins at the first row again


@attrs.frozen
class Listing:
    """What the URL of a list says; it makes the URLs of all its links.

    ``sort`` is a column's name, with ``-`` in front for the greatest first.
    """

    path: str
    pairs: tuple[tuple[str, str], ...]
    sort: str

    @classmethod
    def of(cls, request: Request, *, sort: str) -> Listing:
        """Read the URL of a request; ``sort`` is the order where it names none."""
        pairs = tuple((key, value) for key, value in request.query_params.multi_items() if value)
        return cls(request.url.path, pairs, dict(pairs).get("sort", sort))

    def value(self, name: str) -> str:
        """Return what a filter says, or nothing."""
        return dict(self.pairs).get(name, "")

    def values(self, name: str) -> list[str]:
        """Return all that a filter of many says."""
        return [value for key, value in self.pairs if key == name]

    def url(self, path: str | None = None, **changes: str | None) -> str:
        """Return the URL with some of its values changed, or removed where None.

        ``path`` asks the same of another page: an export has the query of its list.
        """
        dropped = {*changes, *PLACE}
        kept = [pair for pair in self.pairs if pair[0] not in dropped]
        kept += [(key, value) for key, value in changes.items() if value is not None]
        target = path or self.path
        return f"{target}?{urlencode(kept)}" if kept else target

    def sort_url(self, column: str) -> str:
        """Return where the heading of a column leads: its order, or the reverse if it has it."""
        return self.url(sort=f"-{column}" if self.sort == column else column)

    def sorted_by(self, column: str) -> str | None:
        """Return ``ascending`` or ``descending`` (words of ARIA) for the column of the order."""
        return {column: "ascending", f"-{column}": "descending"}.get(self.sort)
