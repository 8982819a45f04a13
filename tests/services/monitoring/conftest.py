"""A desk with a product, parties and a chart of accounts."""

import pytest

from karez.services.evidence import Evidence
from karez.services.lending import open_chart
from karez.services.origination import Desk
from services.origination.making import found


@pytest.fixture
def desk(evidence: Evidence) -> Desk:
    desk = Desk(evidence)
    open_chart(desk.books, "EUR")
    found(desk)
    return desk
