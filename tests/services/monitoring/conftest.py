"""A desk with a product, parties and a chart of accounts, and another institution's like it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from karez.kernel.database import Database, open_institution
from karez.services.evidence import Evidence, KeyFolder
from karez.services.lending import open_chart
from karez.services.origination import Desk
from services.origination.making import found


def furnished(evidence: Evidence) -> Desk:
    desk = Desk(evidence)
    open_chart(desk.books, "EUR")
    found(desk)
    return desk


@pytest.fixture
def desk(evidence: Evidence) -> Desk:
    return furnished(evidence)


@pytest.fixture
def twin(database: Database, tmp_path: Path) -> Iterator[Desk]:
    with database.connect() as connection:
        institution = open_institution(connection, "twin", "Twin")
        yield furnished(Evidence(connection, institution, KeyFolder.of(tmp_path, "twin")))
