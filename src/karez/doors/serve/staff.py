"""Who may enter a console that nobody has entered yet."""

from __future__ import annotations

from karez.kernel.ids import new_id
from karez.services import access
from karez.services.access import Membership, PassKind
from karez.services.bookkeeping import Books

FIRST = "administrator"


def first_link(books: Books) -> str | None:
    """Make the first administrator, and return the text of a link by which they begin.

    None if there is somebody already who can sign in. A link that was never used makes way for a
    new one.
    """
    people = [one for one in access.list_accounts(books) if one.kind is access.ActorKind.PERSON]
    if any(one.has_password for one in people):
        return None
    if FIRST not in {one.name for one in people}:
        access.add_account(books, FIRST, full_name="Administrator", by="karez serve")
        access.give_role(books, FIRST, Membership("administrator"), by="karez serve")
    account = access.find_account(books, FIRST)
    access.end_passes(books, account.account_id, [PassKind.LINK])
    return access.make_pass(books, account.account_id, PassKind.LINK).text


def demo_staff(books: Books) -> None:
    """Make a member of the staff for each role, who enters a demonstration without a password."""
    known = {one.name for one in access.list_accounts(books)}
    for name, role in access.roles().items():
        if f"demo.{name}" not in known:
            words = f"{name.replace('-', ' ').capitalize()}"
            access.add_account(
                books, f"demo.{name}", full_name=words, person_id=new_id(), by="karez serve"
            )
            access.give_role(books, f"demo.{name}", Membership(role.name), by="karez serve")
