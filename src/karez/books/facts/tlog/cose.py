"""The second door: a proof of inclusion as a COSE receipt (RFC 9942).

The receipt is a COSE_Sign1 over the root, which it does not carry: whoever checks it computes the
root from the entry and the proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cbor2

from karez.books.facts.errors import ReceiptMalformedError
from karez.books.facts.tlog.keys import SigningKey, VerifierKey
from karez.books.facts.tlog.merkle import inclusion_root, leaf_hash

_ALGORITHM, _KEY_ID = 1, 4
_EDDSA = -8
_DATA_STRUCTURE, _PROOFS = 395, 396  # RFC 9942, section 7
_RFC9162_SHA256 = 1
_INCLUSION = -1
_SIGN1 = 18


def make_receipt(
    key: SigningKey, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bytes:
    """Return the receipt of an entry in the tree of this size and root, signed by the log."""
    header = {
        _ALGORITHM: _EDDSA,
        _KEY_ID: key.verifier.key_id,
        _DATA_STRUCTURE: _RFC9162_SHA256,
    }
    protected = cbor2.dumps(header)
    inclusion = cbor2.dumps([size, index, list(proof)])
    unprotected = {_PROOFS: {_INCLUSION: [inclusion]}}
    signature = key.sign(_to_be_signed(protected, root))
    return cbor2.dumps(cbor2.CBORTag(_SIGN1, [protected, unprotected, None, signature]))


def check_receipt(receipt: bytes, entry: bytes, key: VerifierKey) -> tuple[int, int]:
    """Return index and size for which a receipt proves that the log holds an entry.

    Raises:
        ReceiptMalformedError: it is no receipt, or it proves nothing of this entry and key.
    """
    try:
        protected, unprotected, payload, signature = _parts(receipt)
        size, index, hashes = cbor2.loads(unprotected[_PROOFS][_INCLUSION][0])
        header = cbor2.loads(protected)
        root = inclusion_root(leaf_hash(entry), index, size, hashes)
    except Exception as fault:  # cbor2 and strange types raise many kinds of error
        raise ReceiptMalformedError(reason="it is no COSE receipt of an inclusion") from fault
    if payload is not None or header.get(_DATA_STRUCTURE) != _RFC9162_SHA256:
        raise ReceiptMalformedError(reason="it is of another kind of log")
    if root is None or not key.verifies(_to_be_signed(protected, root), signature):
        raise ReceiptMalformedError(reason="it proves nothing of this entry by this key")
    return index, size


def _parts(receipt: bytes) -> tuple[bytes, dict[int, Any], Any, bytes]:  # as CBOR has it
    tag = cbor2.loads(receipt)
    protected, unprotected, payload, signature = tag.value
    return protected, unprotected, payload, signature


def _to_be_signed(protected: bytes, root: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", root])
