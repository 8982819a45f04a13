"""The use cases of the facts book."""

from karez.books.facts import Appended, Attestation, Batch, Fact
from karez.books.facts.attest import PAYLOAD_TYPE
from karez.books.facts.canonical import canonical, decode_fact
from karez.books.facts.check import schema_unknown
from karez.books.facts.erase import Erased, Request
from karez.books.facts.errors import (
    FactMalformedError,
    FactReservedError,
    KeyFileError,
    ProofInvalidError,
    SignatureInvalidError,
    WitnessRefusedError,
)
from karez.books.facts.log import Head
from karez.books.facts.read import Filter, Recorded
from karez.books.facts.receipt import Checked, check_receipt
from karez.books.facts.retention import Retention
from karez.books.facts.schemas import ERASURE, SCHEMAS
from karez.books.facts.tlog.folder import check_folder
from karez.books.facts.tlog.keys import VerifierKey
from karez.books.facts.tlog.policy import Policy
from karez.books.facts.tlog.submission import SUBMISSION_MOST
from karez.books.facts.verify import Verification
from karez.books.facts.witness import Answer, Fork, Verdict, Watched
from karez.services.evidence.evidence import Evidence, default_origin, open_evidence
from karez.services.evidence.keys import KeyFolder
from karez.services.evidence.recording import (
    add_facts,
    begin_log,
    erase_facts,
    export_log,
    issue_cose_receipt,
    issue_receipt,
    log_head,
    search_facts,
    show_fact,
    verify,
)
from karez.services.evidence.witnessing import (
    Post,
    Witness,
    ask_witness,
    begin_witness,
    forks,
    watch_log,
    watched_logs,
)

__all__ = [
    "ERASURE",
    "PAYLOAD_TYPE",
    "SCHEMAS",
    "SUBMISSION_MOST",
    "Answer",
    "Appended",
    "Attestation",
    "Batch",
    "Checked",
    "Erased",
    "Evidence",
    "Fact",
    "FactMalformedError",
    "FactReservedError",
    "Filter",
    "Fork",
    "Head",
    "KeyFileError",
    "KeyFolder",
    "Policy",
    "Post",
    "ProofInvalidError",
    "Recorded",
    "Request",
    "Retention",
    "SignatureInvalidError",
    "Verdict",
    "Verification",
    "VerifierKey",
    "Watched",
    "Witness",
    "WitnessRefusedError",
    "add_facts",
    "ask_witness",
    "begin_log",
    "begin_witness",
    "canonical",
    "check_folder",
    "check_receipt",
    "decode_fact",
    "default_origin",
    "erase_facts",
    "export_log",
    "forks",
    "issue_cose_receipt",
    "issue_receipt",
    "log_head",
    "open_evidence",
    "schema_unknown",
    "search_facts",
    "show_fact",
    "verify",
    "watch_log",
    "watched_logs",
]
