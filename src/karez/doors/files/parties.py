"""Files of parties, a row a party."""

from __future__ import annotations

from collections.abc import Mapping

from karez.doors.files.records import Layout, choice, several
from karez.kernel.time import parse_date
from karez.services.parties import Kind, Party

_COLUMNS = (
    "kind", "name", "keys", "given", "place", "industry", "segment", "phone", "began_on",
)  # fmt: skip


def _party(values: Mapping[str, str]) -> Party:
    return Party(
        kind=Kind(choice(values["kind"], [kind.value for kind in Kind])),
        name=values["name"],
        keys=several(values["keys"]),
        given=values["given"],
        place=values["place"],
        industry=values["industry"],
        segment=values["segment"],
        phone=values["phone"],
        began_on=parse_date(values["began_on"]) if values["began_on"] else None,
    )


PARTIES = Layout(columns=_COLUMNS, needed=("kind", "name", "keys"), build=_party)
"""``keys`` has several values with semicolons between them."""
