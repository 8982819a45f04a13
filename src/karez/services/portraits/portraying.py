"""Portraits of everybody whom the facts book knows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import attrs
import numpy as np

from karez.engines.score.portrait import (
    FOREVER,
    Portraits,
    Sittings,
    find_feature,
    portray,
)
from karez.engines.score.portrait import facts_behind as behind
from karez.kernel.errors import NotFoundError
from karez.services.evidence import Evidence
from karez.services.portraits.reading import Gathered, read_records

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PartyUnknownError(NotFoundError):
    """No fact up to that day is about {party}."""

    code = "party-unknown"


@attrs.frozen
class Gallery:
    """Portraits, and what they were made of."""

    portraits: Portraits
    gathered: Gathered


def portray_all(
    evidence: Evidence,
    day: date,
    *,
    known_at: datetime | None = None,
    currency: str | None = None,
) -> Gallery:
    """Portray everybody of whom the facts book knows something as of a day.

    ``known_at`` is the instant as of which the book is read; None is now.

    Raises:
        CurrencyUnclearError: the facts are in several currencies, and none was named.
    """
    with evidence.transaction() as connection:
        gathered = read_records(connection, day, currency)
    sittings = _sittings(gathered, day, known_at)
    return Gallery(portray(gathered.records, sittings), gathered)


def facts_behind(gallery: Gallery, party: str, feature: str) -> list[int]:
    """Return the indices in the log of the facts that a figure of a portrait rests on.

    Raises:
        PartyUnknownError: nobody of that id was portrayed.
        FeatureUnknownError: no feature has that name.
    """
    records, sittings = gallery.gathered.records, gallery.portraits.sittings
    table = find_feature(feature).basis.table
    if party not in gallery.portraits.ids:
        raise PartyUnknownError(party=party)
    rows = behind(records, sittings, feature, gallery.portraits.ids.index(party))
    entries = gallery.gathered.entries.get(table, np.zeros(0, np.int64))
    return entries[rows].tolist()


def _sittings(gathered: Gathered, day: date, known_at: datetime | None) -> Sittings:
    number = (day - _EPOCH.date()).days
    instant = FOREVER if known_at is None else (known_at - _EPOCH) // timedelta(microseconds=1)
    records = gathered.records
    known = [
        facts.party[facts.recorded_at <= instant]
        for facts in (records.invoices, records.payrolls, records.labels)
    ]
    parties = np.unique(np.concatenate(known))
    return Sittings(parties, np.full(len(parties), number), np.full(len(parties), instant))
