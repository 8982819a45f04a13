"""The tables of a market while it is made up: rows in any order, then evidence in order of days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import IntEnum

import attrs
import numpy as np
import numpy.typing as npt

from karez.engines.trust import evidence as ev
from karez.engines.trust.evidence import NONE, Evidence, Kind, Paper, Rows
from karez.engines.trust.fingerprint import Invoices, fingerprints
from karez.engines.trust.photos import HASHES

BEGINS = (date(2025, 1, 1) - date(1970, 1, 1)).days
REGISTER_KEY = b"the Well-Test's register"


class Scheme(IntEnum):
    """What is wrong with an advance; the label that no check sees."""

    HONEST = 0
    EXACT_DOUBLE = 1
    EDITED_DOUBLE = 2
    FAKE_INVOICE = 3
    FAKE_CONFIRMATION = 4
    RING = 5
    ABOVE_STOCK = 6
    INFLATED_SALES = 7
    GHOST_BORROWER = 8
    STAGED_VISIT = 9


Line = tuple[int, int, int]
"""An item, its quantity in thousandths, its price in minor units."""


@attrs.frozen(kw_only=True)
class Sale:
    """A sale of goods and what is written of it. Days are those of each paper."""

    seller: int
    buyer: int
    lender: int
    lines: tuple[Line, ...]
    days: dict[Paper, int]
    on: int
    place: int
    place_received: int
    receipt_key: int
    carrier: int
    number: str
    said: tuple[tuple[int, bool], ...]
    received_share: float = 1.0
    price_factor: float = 1.0
    contents: dict[Paper, int] = attrs.field(factory=dict[Paper, int])
    scheme: Scheme = Scheme.HONEST

    def invoiced(self) -> list[tuple[int, int, int]]:
        """Return the lines of the invoice: item, quantity, amount."""
        return [
            (item, milli, round(milli * price * self.price_factor) // 1000)
            for item, milli, price in self.lines
        ]


@attrs.define
class Tables:
    """Rows as they are made up; an advance is known by its place here until all is sorted."""

    advances: list[tuple[int, ...]] = attrs.field(factory=list[tuple[int, ...]])
    schemes: list[int] = attrs.field(factory=list[int])
    sales: dict[int, Sale] = attrs.field(factory=dict[int, Sale])
    parties: list[tuple[bool, int]] = attrs.field(factory=list[tuple[bool, int]])
    keys: list[tuple[int, bool]] = attrs.field(factory=list[tuple[int, bool]])
    ties: list[tuple[int, int, int]] = attrs.field(factory=list[tuple[int, int, int]])
    documents: list[tuple[int, ...]] = attrs.field(factory=list[tuple[int, ...]])
    lines: list[tuple[int, ...]] = attrs.field(factory=list[tuple[int, ...]])
    stores: list[tuple[int]] = attrs.field(factory=list[tuple[int]])
    stock: list[tuple[int, ...]] = attrs.field(factory=list[tuple[int, ...]])
    holdings: list[tuple[int, ...]] = attrs.field(factory=list[tuple[int, ...]])
    visits: list[tuple[float, ...]] = attrs.field(factory=list[tuple[float, ...]])
    answers: list[Sequence[int]] = attrs.field(factory=list["Sequence[int]"])
    photos: list[tuple[int, int, int]] = attrs.field(factory=list[tuple[int, int, int]])
    photo_prints: list[npt.NDArray[np.uint64]] = attrs.field(factory=list["npt.NDArray[np.uint64]"])
    borrowings: list[tuple[int, ...]] = attrs.field(factory=list[tuple[int, ...]])
    series: list[tuple[float, ...]] = attrs.field(factory=list[tuple[float, ...]])
    claims: list[tuple[int, int, bool, int]] = attrs.field(factory=list[tuple[int, int, bool, int]])
    own: dict[tuple[int, ev.Tie], int] = attrs.field(factory=dict[tuple[int, ev.Tie], int])
    key_of: dict[int, int] = attrs.field(factory=dict[int, int])
    counter: int = 0

    def fresh(self) -> int:
        """Return a number that nothing else has: a phone, an account, a document."""
        self.counter += 1
        return self.counter

    def party(self, *, staff: bool = False, segment: int = NONE) -> int:
        """Add a party with an owner, a telephone and so on, and a key of its own."""
        self.parties.append((staff, segment))
        party = len(self.parties) - 1
        for kind in (ev.Tie.OWNER, ev.Tie.PHONE, ev.Tie.DEVICE, ev.Tie.ADDRESS, ev.Tie.ACCOUNT):
            self.own[party, kind] = self.fresh()
            self.ties.append((party, kind, self.own[party, kind]))
        self.key_of[party] = self.key(party)
        return party

    def key(self, party: int, *, direct: bool = True) -> int:
        """Enrol a key for a party."""
        self.keys.append((party, direct))
        return len(self.keys) - 1

    def advance(  # noqa: PLR0913
        self, kind: Kind, *, lender: int, party: int, on: int, amount_minor: int,
        scheme: Scheme, buyer: int = NONE, officer: int = NONE, lasts: int = 60,
    ) -> int:  # fmt: skip
        """Add an advance."""
        self.advances.append((kind, lender, party, buyer, officer, on, on + lasts, amount_minor))
        self.schemes.append(scheme)
        return len(self.advances) - 1

    def sell(self, sale: Sale) -> int:
        """Add a sale with its papers, and the advance on it."""
        invoiced = sale.invoiced()
        advance = self.advance(
            Kind.GOODS, lender=sale.lender, party=sale.seller, buyer=sale.buyer, on=sale.on,
            amount_minor=sum(amount for _, _, amount in invoiced), scheme=sale.scheme,
        )  # fmt: skip
        signed = {
            Paper.DESPATCH: self.key_of[sale.seller],
            Paper.RECEIPT: sale.receipt_key,
            Paper.CARRIAGE: self.key_of.get(sale.carrier, NONE),
        }
        for paper, on in sale.days.items():
            if paper is Paper.CARRIAGE and sale.carrier == NONE:
                continue
            place = sale.place_received if paper is Paper.RECEIPT else sale.place
            key = signed.get(paper, NONE)
            content = sale.contents.setdefault(paper, self.fresh())
            document = len(self.documents)
            self.documents.append((advance, paper, on, place, key, content))
            if paper is Paper.CARRIAGE:
                continue
            for (item, milli, price), (_, _, amount) in zip(sale.lines, invoiced, strict=True):
                got = round(milli * sale.received_share) if paper is Paper.RECEIPT else milli
                value = amount if paper is Paper.INVOICE else got * price // 1000
                self.lines.append((document, item, got, value))
        for source, says in sale.said:
            self.claims.append((source, advance, says, sale.on))
        self.sales[advance] = sale
        return advance

    def visit(  # noqa: PLR0913
        self, advance: int, officer: int, begins: int, minutes: int, *,
        at: tuple[float, float], site: tuple[float, float], accuracy: float, mock: bool,
        answers: Sequence[int], photo: npt.NDArray[np.uint64], photo_after: int,
    ) -> None:  # fmt: skip
        """Add a visit with its form and its photo."""
        place = (*at, accuracy, mock, *site)
        self.visits.append((advance, officer, begins, begins + minutes, *place))
        self.answers.append(answers)
        self.photos.append((len(self.visits) - 1, begins + photo_after, ev.NONE))
        self.photo_prints.append(photo)

    def finish(self) -> tuple[Evidence, npt.NDArray[np.int64]]:
        """Return the evidence in order of days, and the label of each advance."""
        advances = np.array(self.advances, ev.ADVANCE)
        order = np.lexsort((np.arange(len(advances)), advances["on"]))
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))

        def placed(rows: Sequence[tuple[float, ...]], kind: np.dtype[np.void]) -> Rows:
            table = np.array(rows, kind)
            table["advance"] = place[table["advance"]]
            return table

        photos = np.array(self.photos, ev.PHOTO)
        by_time = np.argsort(photos["taken"], kind="stable")
        found = Evidence(
            advances=advances[order],
            parties=np.array(self.parties, ev.PARTY),
            keys=np.array(self.keys, ev.KEY),
            ties=np.array(self.ties, ev.TIE),
            documents=placed(self.documents, ev.DOCUMENT),
            lines=np.array(self.lines, ev.LINE),
            prints=self._prints(order),
            stores=np.array(self.stores, ev.STORE),
            stock=np.array(self.stock, ev.STOCK),
            holdings=placed(self.holdings, ev.HOLDING),
            visits=placed(self.visits, ev.VISIT),
            answers=np.array(self.answers, np.int64),
            photos=photos[by_time],
            photo_prints=np.array(self.photo_prints, np.uint64).reshape(-1, HASHES)[by_time],
            borrowings=placed(self.borrowings, ev.BORROWING),
            series=np.array(self.series, ev.SERIES),
            claims=placed(self.claims, ev.CLAIM),
        )
        return found, np.array(self.schemes, np.int64)[order]

    def _prints(self, order: npt.NDArray[np.int64]) -> ev.Prints:
        """Return the fingerprints of the invoices, empty where an advance has none."""
        rows = [(at, self.sales[old]) for at, old in enumerate(order.tolist()) if old in self.sales]
        lines = [sale.invoiced() for _, sale in rows]
        made = fingerprints(
            REGISTER_KEY,
            Invoices(
                seller_tax_id=[f"T{sale.seller:09d}" for _, sale in rows],
                buyer_tax_id=[f"T{sale.buyer:09d}" for _, sale in rows],
                number=[sale.number for _, sale in rows],
                issued_on=[
                    (date(1970, 1, 1) + timedelta(days=sale.days[Paper.INVOICE])).isoformat()
                    for _, sale in rows
                ],
                currency=["CNY"] * len(rows),
                total_minor=[sum(amount for _, _, amount in several) for several in lines],
                line_ends=np.cumsum([len(several) for several in lines]).tolist(),
                lines=[
                    (f"item {item}", milli, amount)
                    for several in lines
                    for item, milli, amount in several
                ],
            ),
        )
        return made.spread([at for at, _ in rows], len(order))


def through(whole: Evidence, day: int) -> Evidence:
    """Return what was known at the end of a day: nothing that happened later is in it."""
    count = int(np.searchsorted(whole.advances["on"], day, "right"))

    def of_advance(rows: Rows, when: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        return (rows["advance"] < count) & (when <= day)

    documents = of_advance(whole.documents, whole.documents["on"])
    lines = whole.lines[documents[whole.lines["document"]]]
    lines["document"] = (np.cumsum(documents) - 1)[lines["document"]]
    visits = of_advance(whole.visits, whole.visits["ends"] // 1440)
    photos = visits[whole.photos["visit"]]
    shown = whole.photos[photos]
    shown["visit"] = (np.cumsum(visits) - 1)[shown["visit"]]
    borrowings = whole.borrowings[whole.borrowings["advance"] < count]
    later = borrowings["repaid_on"] > day
    borrowings["repaid_from"][later] = NONE
    months = int(np.datetime64(day + 1, "D").astype("datetime64[M]").astype(np.int64))
    return attrs.evolve(
        whole,
        advances=whole.advances[:count],
        documents=whole.documents[documents],
        lines=lines,
        prints=whole.prints.first(count) if whole.prints else None,
        stock=whole.stock[whole.stock["on"] <= day],
        holdings=whole.holdings[of_advance(whole.holdings, whole.holdings["on"])],
        visits=whole.visits[visits],
        answers=whole.answers[visits],
        photos=shown,
        photo_prints=whole.photo_prints[photos],
        borrowings=borrowings,
        series=whole.series[whole.series["month"] < months],
        claims=whole.claims[of_advance(whole.claims, whole.claims["on"])],
    )
