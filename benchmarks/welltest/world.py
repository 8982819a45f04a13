"""An honest market: 200 firms, 3 lenders, 18 months. What goes wrong in it goes wrong by itself.

Figures of how often are judgement, and none of them was set to what a check looks for: three in a
hundred sales have a natural mismatch; forms, positions, households and sources err at rates that
stand here.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from benchmarks.welltest.tables import BEGINS, Line, Sale, Scheme, Tables
from karez.engines.trust.evidence import FOREVER, NONE, Kind, Movement, Paper, Tie

FIRMS, LENDERS, MONTHS = 200, 3, 18
DAYS = 548
TIERS = 4  # producer, processor, wholesaler, retailer; who sells the last tier's goods is outside
SALES_A_MONTH = 8.0
MISMATCH = 0.03
FEED = 0.5  # of buyers: the platform reads what they owe from their own books
OFFICERS = 24
DEPOSITORS = 30
BORROWERS_ON_SALES = 60

Random = np.random.Generator


@attrs.define
class World:
    """Who there is, and the tables that their doings fill."""

    random: Random
    tables: Tables
    firms: list[int]
    outside: list[int]
    carriers: list[int]
    officers: list[int]
    stores: list[int]
    tax_office: int
    platform: int
    operator: int  # a telephone company that knows to whom a number belongs
    visitors: int  # those who visit again
    customers: dict[int, list[int]]  # to whom a firm sells
    catalogue: dict[int, list[tuple[int, int]]]  # a firm's items and their prices
    home_lender: dict[int, int]
    with_feed: set[int]
    numbers: dict[int, int] = attrs.field(factory=dict[int, int])

    def chance(self, probability: float) -> bool:
        """Return true this often."""
        return bool(self.random.random() < probability)

    def pick(self, several: list[int]) -> int:
        """Return one of these."""
        return several[int(self.random.integers(len(several)))]

    def day(self) -> int:
        """Return some day."""
        return BEGINS + int(self.random.integers(5, DAYS - 40))

    def number(self, seller: int) -> str:
        """Return the seller's next invoice number."""
        self.numbers[seller] = self.numbers.get(seller, 0) + 1
        return f"INV-{self.numbers[seller]:05d}"

    def basket(self, seller: int) -> tuple[Line, ...]:
        """Return what somebody buys of a seller."""
        items = self.catalogue[seller]
        count = int(self.random.integers(1, 6))
        chosen = sorted(self.random.choice(len(items), count, replace=False).tolist())
        amounts = self.random.lognormal(3.0, 0.9, count)
        return tuple(
            (items[place][0], max(1, round(amount)) * 1000, items[place][1])
            for place, amount in zip(chosen, amounts, strict=True)
        )

    def sale(self, seller: int, buyer: int, order_on: int, lines: tuple[Line, ...]) -> Sale:
        """Return an honest sale without anything odd."""
        draw = self.random.integers
        despatch = order_on + int(draw(1, 6))
        receipt = despatch + int(draw(0, 4))
        invoice = receipt + int(draw(0, 3))
        on = invoice + int(draw(1, 6))
        carrier = self.pick(self.carriers)
        elsewhere = self.chance(0.15)
        lender = int(draw(LENDERS)) if elsewhere else self.home_lender[seller]
        return Sale(
            seller=seller, buyer=buyer, lender=lender, lines=lines, on=on,
            days={
                Paper.ORDER: order_on, Paper.DESPATCH: despatch, Paper.CARRIAGE: despatch,
                Paper.RECEIPT: receipt, Paper.INVOICE: invoice,
            },
            place=buyer, place_received=buyer, receipt_key=self.tables.key_of[buyer],
            carrier=carrier, number=self.number(seller),
            said=self.voices(seller, buyer, carrier, happened=True),
        )  # fmt: skip

    def voices(
        self, seller: int, buyer: int, carrier: int, *, happened: bool, buyer_says: bool = True
    ) -> tuple[tuple[int, bool], ...]:
        """Return who says what of a sale, with the errors that each makes.

        Independent sources say whether it ``happened``; the seller always says so, and in the
        buyer's name ``buyer_says`` it is.
        """
        said = [(seller, True)]
        if buyer_says:
            said.append((buyer, not self.chance(0.015)))
        if carrier != NONE and self.chance(0.9):
            said.append((carrier, not self.chance(0.02)))
        if self.chance(0.95):
            said.append((self.tax_office, happened ^ self.chance(0.015)))
        if buyer in self.with_feed:
            said.append((self.platform, happened ^ self.chance(0.02)))
        return tuple(said)


def honest(seed: int) -> World:
    """Return a market in which nobody lies."""
    world = _people(np.random.default_rng(seed))
    _ties(world)
    _trade(world)
    _storage(world)
    _sales_loans(world)
    return world


def _people(random: Random) -> World:
    tables = Tables()
    firms = [tables.party(segment=number * TIERS // FIRMS) for number in range(FIRMS)]
    outside = [tables.party() for _ in range(40)]
    others = [tables.party() for _ in range(8 + 4)]
    officers = [tables.party(staff=True) for _ in range(OFFICERS)]
    tier = [firms[start : start + FIRMS // TIERS] for start in range(0, FIRMS, FIRMS // TIERS)]
    tier.append(outside)
    customers: dict[int, list[int]] = {}
    for level, sellers in enumerate(tier[:-1]):
        for seller in sellers:
            below = random.choice(tier[level + 1], 5, replace=False).tolist()
            if random.random() < 0.15:  # now and then goods go sideways or back
                below.append(int(random.choice([one for one in firms if one != seller])))
            customers[seller] = below
    catalogue = {
        firm: [(firm * 12 + item, int(random.lognormal(8, 1))) for item in range(12)]
        for firm in firms
    }
    buyers = [*firms, *outside]
    return World(
        random=random, tables=tables, firms=firms, outside=outside, carriers=others[:8],
        officers=officers, stores=[], tax_office=others[8], platform=others[9],
        operator=others[10], visitors=others[11], customers=customers, catalogue=catalogue,
        home_lender={firm: number % LENDERS for number, firm in enumerate(firms)},
        with_feed={buyer for buyer in buyers if random.random() < FEED},
    )  # fmt: skip


def _ties(world: World) -> None:
    """Let some honest firms share what others share for worse reasons."""
    tables, random = world.tables, world.random
    hall = tables.fresh()
    tables.ties += [(firm, Tie.ADDRESS, hall) for firm in random.choice(world.firms, 20).tolist()]
    for _ in range(6):  # one owner, two firms
        one, other = random.choice(world.firms, 2, replace=False).tolist()
        tables.ties.append((other, Tie.OWNER, tables.own[one, Tie.OWNER]))
    for _ in range(6):  # one accountant's telephone
        one, other = random.choice(world.firms, 2, replace=False).tolist()
        tables.ties.append((other, Tie.PHONE, tables.own[one, Tie.PHONE]))
    for firm in random.choice(world.firms, 1, replace=False).tolist():
        key, (party, _) = tables.key_of[firm], tables.keys[tables.key_of[firm]]
        tables.keys[key] = (party, False)  # enrolled before there was a rule


def _trade(world: World) -> None:
    """Let goods flow: every firm sells, some of it on standing orders."""
    random = world.random
    for seller in world.firms:
        standing = {
            buyer: world.basket(seller) for buyer in world.customers[seller] if world.chance(0.1)
        }
        for month in range(MONTHS):
            for _ in range(random.poisson(SALES_A_MONTH)):
                buyer = world.pick(world.customers[seller])
                lines = standing.get(buyer) or world.basket(seller)
                order_on = BEGINS + int(month * 30.44) + int(random.integers(0, 30))
                sale = world.sale(seller, buyer, order_on, lines)
                if sale.on < BEGINS + DAYS:
                    world.tables.sell(_mishap(world, sale) if world.chance(MISMATCH) else sale)


def _mishap(world: World, sale: Sale) -> Sale:
    """Return a sale in which something honest went wrong."""
    draw = world.random
    days = dict(sale.days)
    change: dict[str, Any] = {"days": days}
    match int(draw.choice(7, p=[0.4, 0.2, 0.15, 0.1, 0.08, 0.05, 0.02])):
        case 0:
            change["received_share"] = float(1 - draw.uniform(0.02, 0.15))
        case 1:
            change["price_factor"] = float(1 + draw.uniform(0.03, 0.08))
        case 2:
            days[Paper.INVOICE] = days[Paper.RECEIPT] - int(draw.integers(1, 3))
        case 3:
            change["carrier"] = NONE
        case 4:
            change["place_received"] = world.pick(world.firms)
        case 5:
            change["receipt_key"] = NONE
        case _:
            del days[Paper.RECEIPT]  # lost, or not yet sent
    return attrs.evolve(sale, **change)


def _storage(world: World) -> None:
    """Let firms keep goods in six warehouses and borrow on receipts for nine tenths of them."""
    tables, random = world.tables, world.random
    world.stores = list(range(6))
    depositors = random.choice(world.firms, DEPOSITORS, replace=False).tolist()
    booked = np.zeros((len(world.stores), DAYS + 200), np.int64)
    flows: dict[tuple[int, int], npt.NDArray[np.int64]] = {}
    for firm in depositors:
        store, item = world.pick(world.stores), world.catalogue[firm][0][0]
        flow = flows.setdefault((store, item), np.zeros(DAYS + 200, np.int64))
        for month in range(MONTHS):
            day = int(month * 30.44) + int(random.integers(0, 28))
            milli = int(random.lognormal(5.3, 0.5)) * 1000
            stays = int(random.integers(40, 100))
            tables.stock.append((store, item, Movement.IN, milli, BEGINS + day))
            tables.stock.append((store, item, Movement.OUT, milli, BEGINS + day + stays))
            flow[day] += milli
            flow[day + stays] -= milli
            if world.chance(0.7) and day + 2 < DAYS:
                pledge(world, firm, store, item, day + 1, milli * 9 // 10, stays - 2)
    for (store, item), flow in flows.items():
        level = np.cumsum(flow)
        booked[store] += level
        for month in range(1, MONTHS + 1):
            day = min(int(month * 30.44), DAYS - 1)
            seen = int(level[day] * (1 - random.uniform(0, 0.006)))  # what dries or is spilled
            tables.stock.append((store, item, Movement.COUNT, seen, BEGINS + day))
    tables.stores = [(int(level.max() * 1.3),) for level in booked]


def pledge(  # noqa: PLR0913, PLR0917 - a receipt has so many parts
    world: World, firm: int, store: int, item: int, day: int, milli: int, lasts: int,
    scheme: Scheme = Scheme.HONEST,
) -> int:  # fmt: skip
    """Add a warehouse receipt, and the advance on it."""
    tables = world.tables
    advance = tables.advance(
        Kind.STORED, lender=world.home_lender[firm], party=firm, on=BEGINS + day,
        amount_minor=milli * 9, scheme=scheme, lasts=lasts,
    )  # fmt: skip
    until = BEGINS + day + lasts if lasts < FOREVER else FOREVER
    tables.holdings.append((advance, store, item, milli, BEGINS + day, until))
    return advance


def _sales_loans(world: World) -> None:
    """Let every firm have sales and what others see of them, and some borrow on them."""
    tables, random = world.tables, world.random
    for firm in world.firms:
        tier = tables.parties[firm][1]
        size = random.lognormal(14.3, 0.7)
        power, load = random.lognormal(0, 0.25), random.lognormal(0, 0.25)
        for month in range(-3, MONTHS):
            season = 1 + 0.2 * np.sin(2 * np.pi * (month + tier) / 12)
            sold = size * season * random.lognormal(0, 0.1)
            tables.series.append(
                (firm, _month(month), sold,
                 sold * power * (tier + 1) * 1e-4 * random.lognormal(0, 0.1),
                 sold * load * 1e-3 * random.lognormal(0, 0.1),
                 sold * random.lognormal(-0.05, 0.08))
            )  # fmt: skip
    for firm in world.firms[:: FIRMS // BORROWERS_ON_SALES]:
        for quarter in range(5):
            sales_loan(world, firm, 3 * quarter + 2, Scheme.HONEST)


def sales_loan(world: World, firm: int, month: int, scheme: Scheme) -> int:
    """Add an advance on a firm's sales of the three months before."""
    months = {_month(month - back) for back in (1, 2, 3)}
    sold = sum(row[2] for row in world.tables.series if row[0] == firm and row[1] in months)
    return world.tables.advance(
        Kind.SALES, lender=world.home_lender[firm], party=firm,
        on=BEGINS + int(month * 30.44) + int(world.random.integers(2, 27)),
        amount_minor=int(sold * 0.1), scheme=scheme, lasts=90,
    )  # fmt: skip


def _month(number: int) -> int:
    """Return the number since 1970-01 of a month of the Well-Test."""
    return (2025 - 1970) * 12 + number
