"""Four eyes: what waits for another person, and what that person decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from karez.kernel.ids import new_id, show_id
from karez.services.access.actor import Actor
from karez.services.access.errors import (
    OwnProposalError,
    ProposalDecidedError,
    ProposalUnknownError,
)
from karez.services.access.queries import QUERIES
from karez.services.bookkeeping import Books

if TYPE_CHECKING:
    import psycopg

LASTS = timedelta(days=7)


class Verdict(StrEnum):
    """What became of a proposal."""

    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by its maker


@attrs.frozen(kw_only=True)
class Proposal:
    """What somebody wants done: JSON texts of the input, and of what it would bring about."""

    operation: str
    target: str
    given: str
    effect: str
    amount_minor: int | None
    maker: Actor
    reason: str


@attrs.frozen(kw_only=True)
class ProposalView:
    """A proposal, and what became of it."""

    proposal_id: UUID
    operation: str
    target: str
    given: str
    effect: str
    amount_minor: int | None
    maker_id: UUID
    maker_person_id: UUID
    maker: str
    reason: str
    made_at: datetime
    expires_at: datetime
    verdict: Verdict | None
    checker: str | None
    verdict_reason: str | None
    decided_at: datetime | None
    is_expired: bool

    @property
    def shown_id(self) -> str:
        """The id as people see it."""
        return show_id("prp", self.proposal_id)

    @property
    def waits(self) -> bool:
        """Whether somebody may still decide about it."""
        return self.verdict is None and not self.is_expired


_COLUMNS = tuple(field.name for field in attrs.fields(ProposalView))


def propose(connection: psycopg.Connection, proposal: Proposal) -> UUID:
    """Keep a proposal in the caller's transaction; return its id."""
    proposal_id = new_id()
    row = attrs.asdict(proposal, recurse=False) | {
        "proposal_id": proposal_id,
        "maker_id": proposal.maker.actor_id,
        "maker_person_id": proposal.maker.person_id,
        "maker": proposal.maker.name,
        "lasts": LASTS,
    }
    connection.execute(QUERIES["add_proposal"].text, row)
    return proposal_id


def decide(
    connection: psycopg.Connection, proposal_id: UUID, checker: Actor, verdict: Verdict, reason: str
) -> ProposalView:
    """Decide about a proposal in the caller's transaction; return it as it was made.

    Its maker may withdraw it, and nothing else; somebody else approves or refuses it.

    Raises:
        ProposalUnknownError: there is none.
        ProposalDecidedError: it was decided about, or waited too long.
        OwnProposalError: it is a proposal of the same person; or to withdraw, of another.
    """
    found = _read(connection, proposal_id)
    if not found.waits:
        became = found.verdict or "left waiting too long"
        raise ProposalDecidedError(proposal=found.shown_id, verdict=became)
    if (verdict is Verdict.WITHDRAWN) is not (checker.person_id == found.maker_person_id):
        raise OwnProposalError(proposal=found.shown_id)
    row = {
        "proposal_id": proposal_id, "checker_id": checker.actor_id,
        "checker_person_id": checker.person_id, "checker": checker.name, "verdict": verdict,
        "verdict_reason": reason,
    }  # fmt: skip
    if connection.execute(QUERIES["decide"].text, row).fetchone() is None:
        raise ProposalDecidedError(proposal=found.shown_id, verdict="decided by somebody else")
    return found


def find_proposal(books: Books, proposal_id: UUID) -> ProposalView:
    """Return a proposal.

    Raises:
        ProposalUnknownError: there is none.
    """
    with books.transaction() as connection:
        return _read(connection, proposal_id)


def list_proposals(
    books: Books, *, waiting: bool, before: datetime | None = None, most: int = 50
) -> Sequence[ProposalView]:
    """Return proposals that were made before an instant, newest first; those that wait, or all."""
    with books.transaction() as connection:
        return _proposals(connection, None, waiting=waiting, before=before, most=most)


def _read(connection: psycopg.Connection, proposal_id: UUID) -> ProposalView:
    found = _proposals(connection, proposal_id, waiting=False, before=None, most=1)
    if not found:
        raise ProposalUnknownError(proposal=show_id("prp", proposal_id))
    return found[0]


def _proposals(
    connection: psycopg.Connection,
    proposal_id: UUID | None,
    *,
    waiting: bool,
    before: datetime | None,
    most: int,
) -> list[ProposalView]:
    asked = {"proposal_id": proposal_id, "waiting": waiting, "before": before, "most": most}
    rows = connection.execute(QUERIES["proposals"].text, asked).fetchall()
    return [ProposalView(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]
