"""Nine ways to take money for nothing, each at two levels of cunning.

The naive do not think of being checked. The cunning have read the list of checks, and evade what
can be evaded by writing other papers or by paying somebody; what they cannot write are the books
of those who are not in it.
"""

from __future__ import annotations

import attrs
import numpy as np

from benchmarks.welltest.persons import MINUTES, QUESTIONS, Case, draw_case, flipped, lend
from benchmarks.welltest.tables import BEGINS, Line, Sale, Scheme
from benchmarks.welltest.world import (
    DAYS,
    LENDERS,
    MONTHS,
    World,
    pledge,
    sales_loan,
)
from karez.engines.trust.evidence import NONE, Movement, Paper, Tie

EACH = 20  # advances of the schemes on goods, and staged visits
RINGS = 5
STORED = 14
SELLERS, TIMES = 5, 3
GHOSTS, GHOST_OFFICERS = 15, 2


def defraud(world: World, *, cunning: bool) -> None:
    """Add the nine schemes to an honest market."""
    honest = [sale for sale in world.tables.sales.values() if sale.on < BEGINS + DAYS - 20]
    _doubles(world, honest, cunning=cunning)
    _fakes(world, cunning=cunning)
    _confirmations(world, cunning=cunning)
    _rings(world, cunning=cunning)
    _above_stock(world, cunning=cunning)
    _inflated(world, cunning=cunning)
    _ghosts(world, cunning=cunning)
    _staged(world, cunning=cunning)


def _large(world: World, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return more of the same: who defrauds does it for more than a usual sale."""
    factor = world.random.uniform(1.0, 2.5)
    return tuple((item, max(1, round(milli * factor / 1000)) * 1000, price)
                 for item, milli, price in lines)  # fmt: skip


def _doubles(world: World, honest: list[Sale], *, cunning: bool) -> None:
    """Finance a true sale once more, at another lender: as it is, and edited."""
    large = sorted(honest, key=lambda sale: sum(milli * price for _, milli, price in sale.lines))
    chosen = world.random.choice(len(large) // 2, 2 * EACH, replace=False) + len(large) // 2
    for number, place in enumerate(chosen.tolist()):
        sale = large[place]
        again = attrs.evolve(
            sale,
            lender=(sale.lender + 1 + int(world.random.integers(LENDERS - 1))) % LENDERS,
            on=sale.on + int(world.random.integers(0, 10)),
            contents=dict(sale.contents),
            scheme=Scheme.EXACT_DOUBLE if number < EACH else Scheme.EDITED_DOUBLE,
        )
        if number < EACH:
            world.tables.sell(_scanned_anew(again) if cunning else again)
        else:
            world.tables.sell(_rewritten(world, again) if cunning else _edited(world, again))


def _scanned_anew(sale: Sale) -> Sale:
    """Return it on new paper, with the number written another way."""
    number = sale.number.replace("INV-0", "inv ").replace("-", " ")
    return attrs.evolve(sale, number=number, contents={})


def _edited(world: World, sale: Sale) -> Sale:
    """Return it with another number or another date; the other papers are the true ones."""
    contents = {paper: code for paper, code in sale.contents.items() if paper != Paper.INVOICE}
    if world.chance(0.5):
        return attrs.evolve(sale, number=f"{sale.number}-A", contents=contents)
    days = sale.days | {Paper.INVOICE: sale.days[Paper.INVOICE] + int(world.random.integers(1, 9))}
    on = max(sale.on, days[Paper.INVOICE] + 1)
    return attrs.evolve(sale, days=days, on=on, contents=contents)


def _rewritten(world: World, sale: Sale) -> Sale:
    """Return it with all papers written anew: number, dates, quantities, and so the total.

    The buyer's key cannot be had: half of the receipts are unsigned, half signed by a shell.
    """
    lines = tuple(
        (item, max(1, round(milli * world.random.uniform(0.85, 1.15) / 1000)) * 1000, price)
        for item, milli, price in sale.lines
    )
    shell = world.tables.party()
    key = NONE if world.chance(0.5) else world.tables.key_of[shell]
    days = {paper: on + 3 for paper, on in sale.days.items()}
    said = world.voices(sale.seller, sale.buyer, NONE, happened=False, buyer_says=False)
    return attrs.evolve(
        sale, lines=lines, days=days, on=sale.on + 4, receipt_key=key, contents={}, said=said,
        number=world.number(sale.seller),
    )  # fmt: skip


def _invented(world: World, scheme: Scheme) -> Sale:
    """Return a sale that never was, with all its papers, of a real seller to a real buyer."""
    seller = world.pick(world.firms)
    buyer = world.pick(world.customers[seller])
    sale = world.sale(seller, buyer, world.day(), _large(world, world.basket(seller)))
    return attrs.evolve(sale, scheme=scheme)


def _declared(
    world: World, said: tuple[tuple[int, bool], ...], probability: float
) -> tuple[tuple[int, bool], ...]:
    """Return it with the tax paid, this often: the tax office then has the invoice on record."""
    if not world.chance(probability):
        return said
    rest = tuple(one for one in said if one[0] != world.tax_office)
    return (*rest, (world.tax_office, True))


def _fakes(world: World, *, cunning: bool) -> None:
    """Invoice a real buyer for nothing."""
    for _ in range(EACH):
        sale = _invented(world, Scheme.FAKE_INVOICE)
        said = world.voices(sale.seller, sale.buyer, NONE, happened=False, buyer_says=False)
        if cunning:
            carried = world.chance(0.4)  # a carrier whose stamp was copied
            sale = attrs.evolve(
                sale, receipt_key=NONE, carrier=sale.carrier if carried else NONE,
                said=_declared(world, said, 0.7),
            )  # fmt: skip
        else:
            days = {paper: sale.days[paper] for paper in (Paper.ORDER, Paper.INVOICE)}
            sale = attrs.evolve(sale, days=days, said=said)
        world.tables.sell(sale)


def _confirmations(world: World, *, cunning: bool) -> None:
    """Let somebody confirm in the buyer's name."""
    tables = world.tables
    for _ in range(EACH):
        sale = _invented(world, Scheme.FAKE_CONFIRMATION)
        carrier = tables.party()  # an accomplice with a lorry
        if cunning:
            # On record it is the buyer's own key; half the time somebody was paid to say that it
            # was enrolled directly.
            key = tables.key(sale.buyer, direct=world.chance(0.5))
        else:
            stooge = tables.party()
            tables.ties.append((stooge, Tie.PHONE, tables.own[sale.seller, Tie.PHONE]))
            key = tables.key_of[stooge]
        said = world.voices(sale.seller, sale.buyer, NONE, happened=False)
        if cunning:
            said = (*_declared(world, said, 0.7), (carrier, True))
        tables.sell(attrs.evolve(sale, receipt_key=key, carrier=carrier, said=said))


def _rings(world: World, *, cunning: bool) -> None:
    """Sell one lot of goods in a ring of 3 to 5 firms; papers are in order, the goods lie still.

    Of the cunning, one in three goes slowly, one at uneven prices, one through seven firms.
    """
    tables, random = world.tables, world.random
    for ring in range(RINGS):
        way = ring % 3 if cunning else None
        size = 7 if way == 2 else int(random.integers(3, 6))
        firms = random.choice(world.firms, size, replace=False).tolist()
        lines = _large(world, world.basket(firms[0]))
        start, span = world.day(), 100 if way == 0 else 20
        carrier = tables.party()
        if not cunning:
            for firm in firms[1:]:
                if world.chance(0.5):
                    tables.ties.append((firm, Tie.OWNER, tables.own[firms[0], Tie.OWNER]))
            tables.ties.append((carrier, Tie.OWNER, tables.own[firms[0], Tie.OWNER]))
        for place, seller in enumerate(firms):
            buyer = firms[(place + 1) % size]
            factor = random.uniform(0.6, 1.6) if way == 1 else random.uniform(0.97, 1.03)
            renamed = tuple(
                (seller * 12 + at if cunning else item, milli, max(1, round(price * factor)))
                for at, (item, milli, price) in enumerate(lines)
            )
            sale = world.sale(seller, buyer, start + place * span // size, renamed)
            if sale.on >= BEGINS + DAYS:
                continue
            said = ((seller, True), (buyer, True), (carrier, True), (world.tax_office, True))
            tables.sell(attrs.evolve(sale, carrier=carrier, said=said, scheme=Scheme.RING))


def _above_stock(world: World, *, cunning: bool) -> None:
    """Issue receipts for goods that are not in store.

    The cunning book them in. Half the time they have them out of the books before the month's
    count, else somebody counts another's heap for theirs.
    """
    tables, random = world.tables, world.random
    kept = sorted({(row[0], row[1]) for row in tables.stock})
    for _ in range(STORED):
        store, item = kept[int(random.integers(len(kept)))]
        firm, milli = item // 12, int(random.lognormal(5.6, 0.4)) * 1000
        day = int(random.integers(20, DAYS - 60))
        pledge(world, firm, store, item, day, milli, 60, Scheme.ABOVE_STOCK)
        if cunning:
            begin, end = BEGINS + day - 1, BEGINS + day + 60
            hidden = world.chance(0.5)
            month_end = BEGINS + int((int(day / 30.44) + 1) * 30.44) - 1
            gone = end if hidden else max(month_end - 1, begin + 1)
            tables.stock.append((store, item, Movement.IN, milli, begin))
            tables.stock.append((store, item, Movement.OUT, milli, gone))
            if hidden:
                tables.stock = [
                    (*row[:3], row[3] + milli, row[4])
                    if row[:3] == (store, item, Movement.COUNT) and begin <= row[4] < end
                    else row
                    for row in tables.stock
                ]


def _inflated(world: World, *, cunning: bool) -> None:
    """Report more sales than there are; the cunning send money round to look like customers'."""
    tables, random = world.tables, world.random
    already = {row[2] for row in tables.advances}
    firms = [firm for firm in world.firms if firm in already]
    for firm in random.choice(firms, SELLERS, replace=False).tolist():
        factor = random.uniform(1.6, 2.2) if cunning else random.uniform(2.5, 4)
        begins = int(random.integers(2, MONTHS - 8))
        first = (2025 - 1970) * 12 + begins
        for row, (who, month, sold, power, freight, inflow) in enumerate(tables.series):
            if who == firm and month >= first:
                money = inflow * factor if cunning else inflow
                tables.series[row] = (who, month, sold * factor, power, freight, money)
        for time in range(TIMES):
            sales_loan(world, firm, begins + 3 + 2 * time, Scheme.INFLATED_SALES)


def _ghosts(world: World, *, cunning: bool) -> None:
    """Let two officers lend to people who do not exist."""
    tables, random = world.tables, world.random
    for officer in random.choice(world.officers, GHOST_OFFICERS, replace=False).tolist():
        phones = [tables.fresh() for _ in range(3)]
        wallets = [tables.fresh() for _ in range(5 if cunning else 1)]
        guarantors = [tables.fresh() for _ in range(4)]
        start = int(random.integers(30, DAYS - 120))
        form: tuple[int, ...] = ()
        for number in range(GHOSTS):
            day = BEGINS + start + int(random.integers(0, 60))
            made = draw_case(world, officer, day, 4 + number % 2)  # in the evening: at the desk
            if not cunning:
                tables.ties.append((made.borrower, Tie.PHONE, phones[number % 3]))
            tables.ties.append((made.borrower, Tie.GUARANTOR, guarantors[number % 4]))
            wallet = wallets[number % len(wallets)]
            form = _copy(world, form, 2 if cunning else 0) if form else made.answers
            lend(
                world,
                attrs.evolve(
                    made, answers=form, repaid_from=wallet, first_time=True,
                    paid_to=made.paid_to if cunning else tables.own[officer, Tie.ACCOUNT],
                    amount_minor=made.amount_minor * 2,
                    confirmed=world.chance(0.8 if cunning else 0.2), found=world.chance(0.1),
                    scheme=Scheme.GHOST_BORROWER,
                ),
            )  # fmt: skip


def _copy(world: World, form: tuple[int, ...], changes: int) -> tuple[int, ...]:
    """Return the answers of another form, some of them changed."""
    answers = list(form)
    for place in world.random.choice(QUESTIONS, changes, replace=False).tolist():
        answers[place] = int(world.random.lognormal(7, 1)) + 1
    return tuple(answers)


def _staged(world: World, *, cunning: bool) -> None:
    """Lend after a visit that was never made, to a person who would not pass one."""
    random = world.random
    shown = list(world.tables.photo_prints)
    forms = list(world.tables.answers)
    for number in range(EACH):
        officer = world.pick(world.officers)
        made = draw_case(world, officer, world.day(), int(random.integers(0, 4)))
        old = shown[int(random.integers(len(shown)))]
        made = attrs.evolve(
            made, scheme=Scheme.STAGED_VISIT, amount_minor=made.amount_minor * 2,
            found=world.chance(0.2),
        )  # fmt: skip
        lend(world, _evading(world, made, old, forms) if cunning else _careless(made, old, number))


def _careless(made: Case, old: np.ndarray[tuple[int], np.dtype[np.uint64]], number: int) -> Case:
    """Return it written at the desk: far off, with a mock position, too short, or an old photo."""
    if number % 4 == 0:
        return attrs.evolve(made, mock=True)
    if number % 4 == 1:
        return attrs.evolve(made, at=(made.at[0] + 0.3, made.at[1]))
    if number % 4 == 2:
        return attrs.evolve(made, minutes=3, photo_after=MINUTES)
    return attrs.evolve(made, photo=old)


def _evading(
    world: World,
    made: Case,
    old: np.ndarray[tuple[int], np.dtype[np.uint64]],
    forms: list[tuple[int, ...]],
) -> Case:
    """Return it with a position and a time that could be; photo and form are another's, changed."""
    photo = old.copy()
    way = int(world.random.integers(3))
    if way == 0:  # in a mirror
        photo[[0, 1]] = photo[[1, 0]]
        photo[2:] = flipped(world.random, photo[:1], 12, len(photo) - 2)
    elif way == 1:  # cut
        part = photo[2 + int(world.random.integers(len(photo) - 2))]
        photo[0] = flipped(world.random, np.array([part]), 5, 1)[0]
    else:
        photo = draw_case(world, made.officer, BEGINS + 10, 0).photo  # a new one, of another's shop
    form = forms[int(world.random.integers(len(forms)))]
    return attrs.evolve(made, photo=photo, answers=_copy(world, form, 2))
