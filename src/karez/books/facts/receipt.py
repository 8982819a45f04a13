"""A receipt: what proves a fact to someone who does not trust us, without our database.

It is a tlog-proof file whose extra line holds the entry and, where the holder may see them, the
body and the salt. None of that is believed: the entry is held to the proof, the body to the
commitment in the entry, the attester's signature to the body.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import msgspec

from karez.books.facts.attest import is_attested
from karez.books.facts.batch import Attestation
from karez.books.facts.canonical import canonical, commitment, decode_fact
from karez.books.facts.errors import NoteMalformedError, ProofInvalidError
from karez.books.facts.read import Recorded
from karez.books.facts.schemas import SCHEMAS
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.merkle import is_included, leaf_hash
from karez.books.facts.tlog.note import Verified
from karez.books.facts.tlog.policy import Policy
from karez.books.facts.tlog.proof import LogProof


class _Opening(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What the extra line holds: the entry as text; body and salt, or neither."""

    entry: str
    body: str = ""
    salt: str = ""


@attrs.frozen
class Checked:
    """What a receipt proves. ``fields`` is None where it shows no body; ``attester_key`` is the
    public key that signed the fact, where one did.
    """  # noqa: D205 - one sentence a field.

    index: int
    checkpoint: Checkpoint
    entry: Mapping[str, Any]
    fields: Mapping[str, Any] | None
    attester_key: bytes | None
    signatures: Sequence[Verified]


def make_receipt(proof: LogProof, fact: Recorded, *, with_body: bool) -> str:
    """Return the receipt of a fact as the text of a file."""
    opening = _Opening(fact.leaf.decode())
    if with_body and fact.body is not None and fact.salt is not None:
        opening = _Opening(fact.leaf.decode(), fact.body.decode(), fact.salt.hex())
    return attrs.evolve(proof, extra=canonical(opening)).text


def check_receipt(text: str, policy: Policy) -> Checked:
    """Return what a receipt proves to someone who holds a policy.

    Raises:
        NoteMalformedError: it is no receipt.
        NoteUnverifiedError, PolicyUnmetError: the checkpoint is not signed as the policy asks.
        ProofInvalidError: the entry, the body or the attester's signature does not fit.
    """
    proof = LogProof.parse(text)
    try:
        opening = msgspec.json.decode(proof.extra, type=_Opening)
        entry: dict[str, Any] = msgspec.json.decode(opening.entry, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise NoteMalformedError(reason="its extra line holds no entry") from fault
    checkpoint, signatures = policy.check(proof.note)
    leaf = leaf_hash(opening.entry.encode())
    if not is_included(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root):
        raise ProofInvalidError(reason="the entry is not in the log at that index")
    if not opening.body:
        return Checked(proof.index, checkpoint, entry, None, None, signatures)
    fields, attester_key = _open(opening, entry)
    return Checked(proof.index, checkpoint, entry, fields, attester_key, signatures)


def _open(opening: _Opening, entry: Mapping[str, Any]) -> tuple[dict[str, Any], bytes | None]:
    """Return the fields of the body, and the key that signed them, once all of it fits."""
    body = opening.body.encode()
    try:
        fits = commitment(bytes.fromhex(opening.salt), body).hex() == entry.get("commitment")
        fields: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (ValueError, msgspec.DecodeError) as fault:
        raise ProofInvalidError(reason="the body or the salt cannot be read") from fault
    if not fits:
        raise ProofInvalidError(reason="the body is not what the log was given")
    signed = fields.pop("attestation", None)
    if signed is None:
        return fields, None
    return fields, _signed_by(fields, signed)


def _signed_by(fields: Mapping[str, Any], signed: Any) -> bytes:  # as JSON has it
    try:
        fact = decode_fact(fields["schema"], canonical(fields))
        attestation = Attestation(
            binascii.unhexlify(signed["public_key"]), binascii.unhexlify(signed["signature"])
        )
    except (KeyError, TypeError, ValueError, msgspec.ValidationError) as fault:
        known = ", ".join(SCHEMAS)
        reason = f"the attester's signature cannot be checked; schemas known here: {known}"
        raise ProofInvalidError(reason=reason) from fault
    if not is_attested(fact, attestation):
        raise ProofInvalidError(reason="the attester's signature does not fit the fact")
    return attestation.public_key
