"""Visits: place, speed, overlap, stay, device, and the time of the photo."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.trust.cases import DAY, OTHER, advance, parties, table
from karez.engines.trust import Evidence, Kind, Rules, Verdict
from karez.engines.trust import evidence as ev
from karez.engines.trust.visits import distance_km, visit

START = DAY * 1440


def row(number=0, officer=OTHER, begins=0, minutes=30, *, north=0.0, away=0.0, accuracy=10.0,
        mock=False):  # fmt: skip
    """Return a visit; ``north`` is where the site lies, ``away`` how far off it was made."""
    place = (30.0 + north + away, 104.0)
    site = (30.0 + north, 104.0)
    return (
        number,
        officer,
        START + begins,
        START + begins + minutes,
        *place,
        accuracy,
        mock,
        *site,
    )


def asked(visits, photos=(), rules=None):
    evidence = Evidence(
        advances=table(ev.ADVANCE, [advance(kind=Kind.LOAN, officer=OTHER) for _ in visits]),
        parties=parties(),
        visits=table(ev.VISIT, visits),
        photos=table(ev.PHOTO, list(photos)),
    )
    return visit(evidence, rules or Rules())


@pytest.mark.parametrize(
    ("odd", "words", "verdict"),
    [
        (row(mock=True), "the device reported a mock position", Verdict.HOLD),
        (row(away=0.01), "the officer was not at the place", Verdict.HOLD),
        (row(minutes=4), "the stay was shorter than 10 minutes", Verdict.REVIEW),
        (row(accuracy=250.0), "the position is too rough to tell", Verdict.REVIEW),
    ],
)
def test_visit__names_what_is_odd(odd, words, verdict):
    answer = asked([odd])
    assert [ground.words for ground in answer.grounds[0]] == [words]
    assert answer.verdict[0] == verdict


def test_visit__nobody_is_in_two_places_or_faster_than_a_car():
    answer = asked([row(0), row(1, begins=20), row(2, begins=60, north=0.5)])
    words = [answer.grounds.get(number, [None])[0] for number in range(3)]
    assert words[0] is None
    assert words[1].words == "the officer was at another visit at the same time"
    assert "more than 120 km/h" in words[2].words
    assert words[2].cites == (("visits", 2), ("visits", 1))


def test_visit__another_officer_may_be_elsewhere():
    assert not asked([row(0), row(1, officer=2, begins=5, north=0.5)]).grounds


def test_visit__a_photo_is_taken_while_there():
    answer = asked([row(0), row(1, begins=100)], [(0, START + 10, -1), (1, START + 10, -1)])
    assert list(answer.grounds) == [1]
    assert answer.grounds[1][0].words == "a photo was not taken during the visit"


@pytest.mark.parametrize(("camera", "odd"), [(-1, 0), (-6, 1), (35, 0), (36, 1), (None, 0)])
def test_visit__the_camera_says_when_as_well(camera, odd):
    own_time = -1 if camera is None else START + camera
    answer = asked([row(0)], [(0, START + 10, own_time)])
    words = [ground.words for ground in answer.grounds.get(0, [])]
    assert words == ["by its own file a photo is of another time"] * odd


def test_distance__is_that_of_known_cities():
    # Paris to London; GeographicLib has 343.9 km on the ellipsoid, and a sphere is off by 0.5 %.
    found = distance_km(*map(np.array, ([48.8566], [2.3522], [51.5074], [-0.1278])))
    assert found[0] == pytest.approx(343.9, rel=0.005)


VISITS = st.lists(
    st.tuples(st.integers(1, 2), st.integers(0, 300), st.integers(0, 60), st.integers(0, 4)),
    max_size=8,
)


@given(VISITS)
def test_journeys__are_those_of_the_twin(several):
    rows = [
        row(number, officer, begins, minutes, north=north / 4)
        for number, (officer, begins, minutes, north) in enumerate(several)
    ]
    answer = asked(rows, rules=Rules(stay_least_minutes=0))
    for number, mine in enumerate(rows):
        earlier = [
            (other[3], -place)
            for place, other in enumerate(rows)
            if other[1] == mine[1] and (other[2], place) < (mine[2], number)
        ]
        said = {ground.words.split(" than ")[0] for ground in answer.grounds.get(number, [])}
        if not earlier:
            assert not said
            continue
        ends, place = max(earlier)
        before = rows[-place]
        km = abs(mine[4] - before[4]) * math.pi / 180 * 6371.0088 - 0.02
        minutes = mine[2] - ends
        overlaps = minutes < 0
        fast = not overlaps and km * 60 > 120 * max(minutes, 1)
        assert ("the officer was at another visit at the same time" in said) == overlaps
        assert any("visit before" in one for one in said) == fast
