"""What a feature is: declared once, as data, with the facts that it rests on."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Literal

import attrs

from karez.engines.score.portrait.facts import Floats

if TYPE_CHECKING:
    from karez.engines.score.portrait.scene import Scene


Direction = Literal[-1, 1] | None


class Basis(Enum):
    """The facts that a feature rests on: a table, and which of its rows."""

    SALES = ("invoices", "sales that are not void")
    SALES_ALL = ("invoices", "sales, void ones too")
    PURCHASES = ("invoices", "purchases that are not void")
    PURCHASES_ALL = ("invoices", "purchases, void ones too")
    TRADE = ("invoices", "sales and purchases that are not void")
    MOVEMENTS = ("movements", "movements on accounts")
    PAYROLLS = ("payrolls", "payrolls")
    REPAYMENTS = ("repayments", "instalments that fell due, and payments")

    def __init__(self, table: str, words: str) -> None:
        self.table = table
        self.words = words


class Missing(IntEnum):
    """Why a feature has no value. A value that is missing is NaN, and never a silent nought."""

    NOT = 0  # it is there
    NO_FACTS = 1  # nothing of the kind is known of the party
    NONE_IN_WINDOW = 2  # there is something, but nothing within the window
    TOO_SHORT = 3  # what is known does not reach back as far as the feature needs
    UNDEFINED = 4  # the facts have no such figure, such as a share of nothing


@attrs.frozen
class Feature:
    """A figure of a portrait.

    ``window_days`` before and with the day of the sitting count, 0 for all that is known;
    ``history_days`` is how far back the facts must reach at least. ``direction`` is what experience
    expects of default as the figure rises: 1 more of it, -1 less, None no opinion.
    """

    name: str
    unit: str
    basis: Basis
    window_days: int
    direction: Direction
    words: str
    measure: Callable[[Scene], Floats] = attrs.field(repr=False, eq=False)
    history_days: int = 0
