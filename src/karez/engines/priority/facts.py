"""What is known of an asset, the claims on it, and its sale. Nothing here knows any law."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import attrs


class Kind(StrEnum):
    """What a claim is."""

    SECURITY = "si"  # a right by contract: pledge, lease, title retention, assignment
    LIEN = "lien"  # a creditor who seized, or had judgment
    POSSESSORY_LIEN = "possessory_lien"  # who holds the asset until its work on it is paid
    STATUTORY = "statutory"  # a claim that a statute ranks: costs, wages, taxes
    BUYER = "buyer"  # who bought, leased or licensed the asset
    LAND = "land"  # an interest in the land that the asset is fixed to, by its day of record


class Knowledge(StrEnum):
    """What a buyer knew."""

    NOTHING = "none"
    OF_RIGHT = "of_security_interest"  # that there is a right
    OF_BREACH = "of_violation"  # that the sale breaks its agreement


@attrs.frozen
class Step:
    """A step that makes a right effective against others, and the days it lasted."""

    name: str
    """``registration``, ``possession``, ``control`` or another word of the regime."""
    start: date
    end: date | None = None
    """The last day on which it counts; None while it lasts."""


@attrs.frozen
class Transfer:
    """The asset changed hands, and the claims on it came along or did not."""

    seller: str
    buyer: str
    day: date
    ordinary_course: bool = False
    value: bool = True
    knowledge: Knowledge = Knowledge.NOTHING
    agreed_by: frozenset[str] = frozenset()
    """The claims whose holders agreed to it, free of their right."""


@attrs.frozen
class Asset:
    """The thing, receivable or account that is claimed."""

    type: str
    debtor: str
    creator: str
    """Who granted the rights that do not say so themselves."""
    possession: date | None = None
    """The day on which the debtor received it."""
    proceeds_of: tuple[str, ...] = ()
    """The kinds of asset it came from, the first collateral first."""
    cash: bool = False
    bought_with_cash: bool = False
    cash_on_delivery: bool = False
    """These proceeds were received on or before the delivery to the buyer."""
    accession: bool = False
    serial_required: bool = False
    commingled: date | None = None
    document_issued: date | None = None
    fixed: date | None = None
    """The day on which it became a part of land."""
    removable: bool = False
    """It is fixed, and readily removable: a machine, a household appliance that replaces one."""
    renamed: date | None = None
    """The day on which the debtor's name became another, so that a search by it finds nothing."""
    transfers: tuple[Transfer, ...] = ()


@attrs.frozen
class Advance:
    """A part of a debt that was lent later than the right was agreed."""

    day: date
    knows_lien: bool = False
    knows_purchase: bool = False
    committed: bool = False
    """It was promised before the lender knew of the lien or the purchase."""


@attrs.frozen(kw_only=True)
class Claim:
    """Somebody's claim on the asset; what does not apply to its kind is left out."""

    id: str
    kind: Kind
    day: date | None = None
    """When the right attached, the lien arose, or the buyer bought."""
    debt_minor: int = 0
    steps: tuple[Step, ...] = ()
    original_steps: tuple[Step, ...] = ()
    """Steps in the asset that these proceeds came from."""
    effective_in_proceeds: bool | None = None
    """None where the regime's rule has to say it."""
    grantor: str = ""
    agreed: date | None = None
    """When the agreement was signed, if before the right attached."""
    acquisition: str | None = None
    """``seller`` or ``lender`` where the debt is the price of the asset."""
    notified: Mapping[str, date] = attrs.field(factory=dict[str, date])
    """Whom the holder of an acquisition right told of it, and when they received it."""
    notice: date | None = None
    """When the debtor of an assigned receivable was told."""
    control_kind: str = ""
    covers: str = ""
    serial: bool = True
    bound: date | None = None
    """The day on which a new debtor became bound, where only that makes the right effective."""
    original_debtor: str = ""
    knows_breach: bool = False
    advance: Advance | None = None
    renamed: date | None = None
    """The day on which the registration was amended to the debtor's new name."""
    construction: bool = False
    """An interest in land that pays for a building, and the asset was fixed while it was built."""
    agreed_by: frozenset[str] = frozenset()
    """The claims whose holders agreed to a purchase, free of their right."""
    input_value_minor: int | None = None
    rank_class: str = ""
    seller: str = ""
    delivery: date | None = None
    value: bool = True
    knowledge: Knowledge = Knowledge.NOTHING
    ordinary_course: bool = False
    consumer: bool = False
    collusion: bool = False

    @property
    def holder(self) -> str:
        """Whose claim this is; advances of one right share a name before the ``#``."""
        return self.id.partition("#")[0]


@attrs.frozen
class Subordination:
    """A claim whose money goes to another first; nobody else is touched."""

    senior: str
    in_favour_of: str
    limit_minor: int | None = None


@attrs.frozen
class Sale:
    """What the asset brought. None for ``demands`` means that every junior has asked."""

    gross_minor: int
    costs_minor: int = 0
    enforcer: str | None = None
    demands: frozenset[str] | None = None


@attrs.frozen
class Facts:
    """All that is known of one asset on the day of decision."""

    as_of: date
    asset: Asset
    claims: tuple[Claim, ...]
    subordinations: tuple[Subordination, ...] = ()
    sale: Sale | None = None
    holidays: frozenset[date] = frozenset()
