"""The use cases of consents: rights over data."""

from karez.books.rights.claim import Consent, Mode, Period
from karez.books.rights.use import RecordedUse, Use
from karez.services.consent.consents import (
    ConsentView,
    find_consent,
    grant,
    list_consents,
    pause,
    resume,
    revoke,
)
from karez.services.consent.desk import UseDesk
from karez.services.consent.reading import (
    SharedLine,
    begin_use,
    check_use,
    open_shared,
    read_statement,
)
from karez.services.consent.templates import check_template, load_templates

__all__ = [
    "Consent",
    "ConsentView",
    "Mode",
    "Period",
    "RecordedUse",
    "SharedLine",
    "Use",
    "UseDesk",
    "begin_use",
    "check_template",
    "check_use",
    "find_consent",
    "grant",
    "list_consents",
    "load_templates",
    "open_shared",
    "pause",
    "read_statement",
    "resume",
    "revoke",
]
