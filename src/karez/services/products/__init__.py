"""Products: term sheets under version control."""

from karez.services.products.catalogue import catalogue, catalogue_text
from karez.services.products.ledger import LedgerMapping, Role
from karez.services.products.parts import Committee
from karez.services.products.planning import planned, within
from karez.services.products.previewing import Posting, Preview, postings, preview
from karez.services.products.publishing import (
    Publication,
    Published,
    find_published,
    find_sheet,
    list_published,
    preview_publication,
    publish,
)
from karez.services.products.reading import KeyReader, read_sheet, refuse, try_sheet
from karez.services.products.sheet import TermSheet
from karez.services.products.words import Change, changes, document_of, flat

__all__ = [
    "Change",
    "Committee",
    "KeyReader",
    "LedgerMapping",
    "Posting",
    "Preview",
    "Publication",
    "Published",
    "Role",
    "TermSheet",
    "catalogue",
    "catalogue_text",
    "changes",
    "document_of",
    "find_published",
    "find_sheet",
    "flat",
    "list_published",
    "planned",
    "postings",
    "preview",
    "preview_publication",
    "publish",
    "read_sheet",
    "refuse",
    "try_sheet",
    "within",
]
