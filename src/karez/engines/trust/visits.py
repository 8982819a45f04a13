"""Visits in the field: could the officer have been there, then, for as long as it takes?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from karez.engines.trust.checks import VISIT
from karez.engines.trust.evidence import NONE, Bools, Evidence, Ints
from karez.engines.trust.rules import Rules
from karez.engines.trust.verdict import Answer, Record, Verdict

_EARTH_RADIUS_KM = 6371.0088  # the mean radius of IUGG
_MINUTES_OF_DAY = 1440

Floats = npt.NDArray[np.float64]


def distance_km(latitude: Floats, longitude: Floats, other: Floats, further: Floats) -> Floats:
    """Return great-circle distances between places given in degrees (haversine)."""
    north, east, north_2, east_2 = map(np.radians, (latitude, longitude, other, further))
    half = (
        np.sin((north_2 - north) / 2) ** 2
        + np.cos(north) * np.cos(north_2) * np.sin((east_2 - east) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))


def visit(evidence: Evidence, rules: Rules) -> Answer:
    """Doubt an advance for what is odd in a visit to it."""
    visits = evidence.visits
    visited = np.zeros(len(evidence.advances), np.bool_)
    visited[visits["advance"]] = True
    answer = Answer.over(VISIT, visited)
    for wrong, other, verdict, score, words in _faults(evidence, rules):
        for row in np.flatnonzero(wrong).tolist():
            advance = int(visits["advance"][row])
            cites: list[Record] = [("visits", row)]
            if other is not None:
                cites.append(("visits", int(other[row])))
            known_on = max(int(visits["ends"][one]) // _MINUTES_OF_DAY for _, one in cites)
            answer.doubt(
                advance,
                verdict,
                score,
                known_on=max(known_on, int(evidence.advances["on"][advance])),
                words=words,
                cites=cites,
            )
    return answer


_Fault = tuple[Bools, Ints | None, Verdict, float, str]


def _faults(evidence: Evidence, rules: Rules) -> Iterator[_Fault]:
    """Return what may be wrong: in which visits, beside which other, and how much it counts."""
    visits = evidence.visits
    away = distance_km(
        visits["latitude"], visits["longitude"], visits["site_latitude"], visits["site_longitude"]
    )
    beyond = away * 1000 > rules.geofence_metres + visits["accuracy_metres"]
    yield visits["mock"], None, Verdict.HOLD, 0.1, "the device reported a mock position"
    yield beyond, None, Verdict.HOLD, 0.2, "the officer was not at the place"
    short = visits["ends"] - visits["begins"] < rules.stay_least_minutes
    words = f"the stay was shorter than {rules.stay_least_minutes} minutes"
    yield short, None, Verdict.REVIEW, 0.5, words
    rough = visits["accuracy_metres"] > rules.accuracy_most_metres
    yield rough, None, Verdict.REVIEW, 0.9, "the position is too rough to tell"
    overlaps, speeds, before = _journeys(visits, rules)
    words = "the officer was at another visit at the same time"
    yield overlaps, before, Verdict.HOLD, 0.1, words
    words = f"the officer came from the visit before at more than {rules.speed_most_km_hour:g} km/h"
    yield speeds, before, Verdict.HOLD, 0.2, words
    photos = evidence.photos
    for known, column, words in (
        (np.ones(len(photos), np.bool_), "taken", "a photo was not taken during the visit"),
        (photos["camera"] != NONE, "camera", "by its own file a photo is of another time"),
    ):
        wrong = np.zeros(len(visits), np.bool_)
        wrong[photos["visit"][known & _outside(evidence, photos[column], rules)]] = True
        yield wrong, None, Verdict.REVIEW, 0.4, words


def _outside(evidence: Evidence, taken: Ints, rules: Rules) -> Bools:
    """Return which photos were taken at such times before or after their visits."""
    visit, slack = evidence.visits[evidence.photos["visit"]], rules.photo_slack_minutes
    return (taken < visit["begins"] - slack) | (taken > visit["ends"] + slack)


def _journeys(visits: npt.NDArray[np.void], rules: Rules) -> tuple[Bools, Bools, Ints]:
    """Return which visits overlap the officer's one before, which were reached too fast, and it.

    The one before is, of those that began no later, the one that ended last.
    """
    count = len(visits)
    order = np.lexsort((np.arange(count), visits["begins"], visits["officer"]))
    overlaps, speeds = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    before = np.arange(count)
    if count < 2:
        return overlaps, speeds, before
    last = int(order[0])
    for row in order[1:].tolist():
        if visits["officer"][row] == visits["officer"][last]:
            before[row] = last
        if visits["officer"][row] != visits["officer"][last] or (
            visits["ends"][row] > visits["ends"][last]
        ):
            last = row
    follows = before != np.arange(count)
    minutes = visits["begins"] - visits["ends"][before]
    overlaps = follows & (minutes < 0)
    here = (visits["latitude"], visits["longitude"])
    km = distance_km(*here, visits["latitude"][before], visits["longitude"][before])
    # Both positions may be off by their accuracy; that much of the way is not held against anyone.
    km = km - (visits["accuracy_metres"] + visits["accuracy_metres"][before]) / 1000
    speeds = follows & ~overlaps & (km * 60 > rules.speed_most_km_hour * np.maximum(minutes, 1))
    return overlaps, speeds, before
