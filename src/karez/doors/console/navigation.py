"""Where one can go: the side navigation, the command palette and the keyboard, from one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from karez.doors.console.language import later


@attrs.frozen
class Place:
    """A page that the navigation leads to.

    ``chord`` is the keys that go there, one after another. ``permission`` is what a person needs to
    see it; None is for all.
    """

    name: str
    label: str
    path: str
    icon: str
    chord: str
    permission: str | None = None


@attrs.frozen
class Group:
    """Places under one heading."""

    label: str
    places: tuple[Place, ...]


NAVIGATION = (
    Group(
        later("Work"),
        (
            Place("home", later("Home"), "/", "home", "g h"),
            Place(
                "applications",
                later("Applications"),
                "/applications",
                "file-text",
                "g a",
                "applications.read",
            ),
            Place("loans", later("Loans"), "/loans", "cash", "g l", "loans.read"),
            Place(
                "collections",
                later("Collections"),
                "/collections",
                "calendar-due",
                "g c",
                "loans.read",
            ),
            Place(
                "payments",
                later("Payments"),
                "/payments",
                "arrows-exchange",
                "g y",
                "payments.read",
            ),
            Place("approvals", later("Approvals"), "/approvals", "checks", "g v", "proposals.read"),
        ),
    ),
    Group(
        later("Books"),
        (
            Place("ledger", later("Ledger"), "/ledger", "book-2", "g b", "ledger.read"),
            Place("closing", later("Closing"), "/closing", "lock", "g e", "closing.read"),
        ),
    ),
    Group(
        later("Market"),
        (
            Place(
                "portfolio", later("Portfolio"), "/portfolio", "chart-pie", "g o", "reports.read"
            ),
            Place("products", later("Products"), "/products", "package", "g d", "products.read"),
            Place("parties", later("Parties"), "/parties", "users", "g p", "parties.read"),
            Place("reports", later("Reports"), "/reports", "report", "g r", "reports.read"),
        ),
    ),
    Group(
        later("House"),
        (
            Place(
                "administration",
                later("Administration"),
                "/administration",
                "settings",
                "g s",
                "access.manage",
            ),
        ),
    ),
)


@attrs.frozen
class Action:
    """Something that the command palette can begin: a page with a form."""

    label: str
    path: str
    icon: str
    permission: str | None = None


ACTIONS = (
    Action(later("New application"), "/applications/new", "plus", "applications.submit"),
    Action(later("New party"), "/parties/new", "plus", "parties.record"),
    Action(later("Take a payment"), "/payments/new", "cash", "payments.take"),
    Action(later("Close the day"), "/closing", "lock", "closing.run"),
)


@attrs.frozen
class Key:
    """A key of the keyboard that is no place; ``karez.js`` binds it by its name."""

    keys: str
    label: str


KEYS = (
    Key("/", later("Search")),
    Key("Ctrl+K", later("Commands")),
    Key("?", later("This list of keys")),
    Key("j", later("Next row")),
    Key("k", later("Row before")),
    Key("Enter", later("Open the row")),
    Key("x", later("Select the row")),
    Key("Esc", later("Close what is open")),
)

May = Callable[[str], bool]


def groups_for(may: May) -> list[Group]:
    """Return the navigation of a person who has these permissions."""
    kept = [
        attrs.evolve(group, places=tuple(place for place in group.places if _sees(place, may)))
        for group in NAVIGATION
    ]
    return [group for group in kept if group.places]


def actions_for(may: May) -> list[Action]:
    """Return what a person who has these permissions can begin."""
    return [action for action in ACTIONS if _sees(action, may)]


def places() -> Iterator[Place]:
    """Yield every place."""
    for group in NAVIGATION:
        yield from group.places


def _sees(entry: Place | Action, may: May) -> bool:
    return entry.permission is None or may(entry.permission)
