"""The use cases of applications: from a request to a booked loan, step by step."""

from karez.services.origination.application import Application, Stage
from karez.services.origination.assessing import assess
from karez.services.origination.booking import Payout, book
from karez.services.origination.deciding import Choice, Vote, decide, vote
from karez.services.origination.desk import Command, Desk, Outcome
from karez.services.origination.errors import ApplicationMalformedError
from karez.services.origination.event import Event
from karez.services.origination.gathering import gather
from karez.services.origination.liability import JointDebt, list_joint_debts
from karez.services.origination.offering import Acceptance, Proposal, accept, offer, withdraw
from karez.services.origination.pricing import price
from karez.services.origination.reading import (
    find_application,
    list_applications,
    list_events,
    verify,
)
from karez.services.origination.scoring import Score, score
from karez.services.origination.securing import Pledge, pledge
from karez.services.origination.submitting import Submission, submit
from karez.services.origination.trusting import trust

__all__ = [
    "Acceptance",
    "Application",
    "ApplicationMalformedError",
    "Choice",
    "Command",
    "Desk",
    "Event",
    "JointDebt",
    "Outcome",
    "Payout",
    "Pledge",
    "Proposal",
    "Score",
    "Stage",
    "Submission",
    "Vote",
    "accept",
    "assess",
    "book",
    "decide",
    "find_application",
    "gather",
    "list_applications",
    "list_events",
    "list_joint_debts",
    "offer",
    "pledge",
    "price",
    "score",
    "submit",
    "trust",
    "verify",
    "vote",
    "withdraw",
]
