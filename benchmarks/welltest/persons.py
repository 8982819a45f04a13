"""Loans to persons: an officer visits, fills in a form, takes a photo, and lends."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from benchmarks.welltest.tables import BEGINS, Scheme
from benchmarks.welltest.world import DAYS, MONTHS, Random, World
from karez.engines.trust.evidence import Kind, Tie
from karez.engines.trust.photos import HASHES

LOANS_A_MONTH = 8.0
QUESTIONS = 8
MINUTES = 1440


def micro_loans(world: World) -> None:
    """Let officers lend to persons whom they have visited; some of these are one household."""
    random = world.random
    for officer in world.officers:
        slots = random.permutation((DAYS - 20) * 4)[: random.poisson(LOANS_A_MONTH * MONTHS)]
        before: Case | None = None
        for slot in np.sort(slots).tolist():
            made = draw_case(world, officer, BEGINS + slot // 4, slot % 4)
            if before is not None and world.chance(0.03):
                phone = world.tables.own[before.borrower, Tie.PHONE]
                world.tables.ties.append((made.borrower, Tie.PHONE, phone))
            lend(world, made)
            before = made


@attrs.frozen(kw_only=True)
class Case:
    """A loan to a person, and the visit before it; what is not said is drawn honestly."""

    officer: int
    lender: int
    borrower: int
    on: int
    begins: int
    minutes: int
    at: tuple[float, float]
    site: tuple[float, float]
    answers: tuple[int, ...]
    photo: npt.NDArray[np.uint64]
    paid_to: int
    repaid_from: int
    repaid_on: int
    amount_minor: int
    accuracy: float = 15.0
    mock: bool = False
    first_time: bool = True
    photo_after: int = 5
    confirmed: bool = True  # by the borrower's own telephone
    found: bool = True  # by those who visit again
    scheme: Scheme = Scheme.HONEST


def draw_case(world: World, officer: int, day: int, slot: int) -> Case:
    """Return an honest loan, whose visit is in one of the day's slots of two hours."""
    tables, random = world.tables, world.random
    borrower = tables.party()
    tables.ties.append((borrower, Tie.GUARANTOR, tables.fresh()))
    account = tables.own[borrower, Tie.ACCOUNT]
    number = world.officers.index(officer)
    home = (30.0 + number // 8 * 2.0, 104.0 + number % 8 * 0.5)
    site = (home[0] + random.normal(0, 0.06), home[1] + random.normal(0, 0.06))
    noise = random.normal(0, 0.0001, 2)
    return Case(
        officer=officer, lender=number // 8, borrower=borrower, on=day + int(random.integers(1, 6)),
        begins=day * MINUTES + 480 + slot * 120 + int(random.integers(0, 25)),
        minutes=max(6, round(random.normal(35, 9))),
        at=(site[0] + noise[0], site[1] + noise[1]), site=site,
        answers=tuple(_figures(random)), photo=photo(random),
        paid_to=account, repaid_from=account if world.chance(0.9) else tables.fresh(),
        repaid_on=day + 36 + int(random.integers(0, 5)),
        amount_minor=int(random.lognormal(11.6, 0.5)), first_time=world.chance(0.4),
        accuracy=float(random.lognormal(2.7, 0.7)), photo_after=int(random.integers(1, 15)),
        confirmed=not world.chance(0.03), found=not world.chance(0.01),
    )  # fmt: skip


def _figures(random: Random) -> list[int]:
    """Return the figures of a form, a fifth of them round as people say them."""
    exact = random.lognormal(7, 1, QUESTIONS).astype(np.int64) + 1
    said_round = random.random(QUESTIONS) < 0.2
    return np.where(said_round, (exact // 100 + 1) * 100, exact).tolist()


def photo(random: Random) -> npt.NDArray[np.uint64]:
    """Return the hashes of a new picture. Parts of it are like the whole, but for some bits."""
    whole = random.integers(0, 2**63, 1, np.uint64)
    return np.concatenate(
        [whole, random.integers(0, 2**63, 1, np.uint64), flipped(random, whole, 12, HASHES - 2)]
    )


def flipped(
    random: Random, value: npt.NDArray[np.uint64], bits: int, count: int
) -> npt.NDArray[np.uint64]:
    """Return copies of a hash in each of which up to so many bits differ."""
    places = np.uint64(1) << random.integers(0, 64, (count, bits), np.uint64)
    return value ^ np.bitwise_or.reduce(places, axis=1)


def lend(world: World, made: Case) -> int:
    """Add a loan with its visit, and what is said of it."""
    tables = world.tables
    advance = tables.advance(
        Kind.LOAN, lender=made.lender, party=made.borrower, officer=made.officer, on=made.on,
        amount_minor=made.amount_minor, scheme=made.scheme, lasts=180,
    )  # fmt: skip
    tables.visit(
        advance, made.officer, made.begins, made.minutes, at=made.at, site=made.site,
        accuracy=made.accuracy, mock=made.mock, answers=made.answers, photo=made.photo,
        photo_after=made.photo_after,
    )  # fmt: skip
    tables.borrowings.append(
        (advance, made.first_time, made.paid_to, made.repaid_from, made.repaid_on)
    )
    tables.claims.append((made.officer, advance, True, made.on))
    if world.chance(0.97):
        tables.claims.append((world.operator, advance, made.confirmed, made.on))
    tables.claims.append((made.borrower, advance, True, made.on))
    if world.chance(0.12):
        tables.claims.append((world.visitors, advance, made.found, made.on + 20))
    return advance
