"""Every vector that others published for the formats of the log, as they published it.

- transparency-dev/merkle: its probes of inclusion and consistency proofs, all of them but those of
  subtrees, which no proof here is about. The hashes of rfc6962_test.go and the roots of the
  reference tree of certificate transparency are in ``test_tree``.
- transparency-dev/tessera: its log for tests, octet for octet: key, checkpoints, tile, bundle.
- sigsum: its proofs of inclusion, and the checkpoint of sigsum-go.
- DSSE: the example of protocol.md with its ECDSA signature, and its vectors of Ed25519.
- The example of c2sp.org/signed-note, the keys and notes of Go's note_test.go, and a log of three
  entries that two other verifiers accept, are in ``test_notes``.

``vectors/README.md`` names source and licence of each.
"""

import json
from base64 import b64decode, urlsafe_b64decode
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from books.facts.test_notes import DASH
from karez.books.facts.attest import pre_authentication_encoding
from karez.books.facts.signer import Signer
from karez.books.facts.tlog.edge import Edge
from karez.books.facts.tlog.keys import KeyKind, SigningKey
from karez.books.facts.tlog.merkle import EMPTY_ROOT, is_consistent, is_included, leaf_hash
from karez.books.facts.tlog.note import Note, sign
from karez.books.facts.tlog.policy import Policy
from karez.books.facts.tlog.tiles import make_bundle

VECTORS = Path(__file__).with_name("vectors")


def vectors(name: str):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


PROBES = vectors("merkle-probes.json")
TESSERA = vectors("tessera-log.json")
# The library calls any proof from nothing an error; a witness must take it (c2sp.org/tlog-witness).
FROM_NOTHING = "additional/size1-is-zero-and-size2-is-not-zero"


def test_probes__are_as_many_as_were_published():
    assert {kind: len(probes) for kind, probes in PROBES.items()} == {
        "inclusion": 98,
        "consistency": 98,
    }


@pytest.mark.parametrize("probe", PROBES["inclusion"], ids=lambda probe: probe[0])
def test_probes__of_inclusion(probe):
    _, index, size, leaf, root, proof, fails = probe
    found = is_included(
        b64decode(leaf), index, size, [b64decode(h) for h in proof], b64decode(root)
    )
    assert found is not fails


@pytest.mark.parametrize("probe", PROBES["consistency"], ids=lambda probe: probe[0])
def test_probes__of_consistency(probe):
    name, old, old_root, size, root, proof, fails = probe
    hashes = [b64decode(each) for each in proof]
    found = is_consistent(old, b64decode(old_root), size, b64decode(root), hashes)
    assert found is (name == FROM_NOTHING or not fails)
    if name == FROM_NOTHING:
        assert (b64decode(old_root), hashes) == (EMPTY_ROOT, [])


def test_tessera__log_octet_for_octet():
    key = SigningKey.parse(TESSERA["secret"])
    assert key.verifier.text == TESSERA["verifier"]
    entries = [entry.encode() for entry in TESSERA["entries"]]
    leaves = [leaf_hash(entry) for entry in entries]
    assert b"".join(leaves) == b64decode(TESSERA["tile/0/000.p/15"])
    assert make_bundle(entries) == b64decode(TESSERA["tile/entries/000.p/15"])
    assert len(TESSERA["checkpoints"]) == 16
    for size, text in enumerate(TESSERA["checkpoints"]):
        edge, _ = Edge().grow(leaves[:size])
        assert Signer((key,)).checkpoint(size, edge.root, 0).text == text
        checkpoint, _ = Policy.of_log(key.verifier).check(Note.parse(text))
        assert (checkpoint.size, checkpoint.root) == (size, edge.root)
        assert len(make_bundle(entries[:size])) == [0, *TESSERA["bundle_lengths"]][size]


def test_sigsum__proofs_of_inclusion():
    for leaf, index, size, root, proof in vectors("sigsum-inclusion.json"):
        hashes = [b64decode(each) for each in proof]
        assert is_included(b64decode(leaf), index, size, hashes, b64decode(root))
        assert not is_included(
            b64decode(leaf), index, size, [*hashes, b64decode(leaf)], b64decode(root)
        )


def test_sigsum__checkpoint():
    # sigsum-go 0.14.1, pkg/checkpoint/checkpoint_test.go.
    origin = "sigsum.org/v1/tree/e796172b92befd62d9dc67e41c2f5bc9d3100a3023b20b1ca40288dd1c679e69"
    line = (
        f"{DASH}{origin} gJ2ho0n8F8olcerUF1FFdv235A/5as/coWrpLrtE7ovMeP5whgwouYExowG/lTznxu6OUGj"
        "jt5yJQ6bXtTcf718MqAQ=\n"
    )
    key = SigningKey(origin, KeyKind.NOTE, bytes([17]) + bytes(31))
    assert sign(f"{origin}\n10\nHA5HAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", key).line == line


def test_dsse__example_of_the_protocol():
    kind, payload = "http://example.com/HelloWorld", b"hello world"
    encoded = pre_authentication_encoding(kind, payload)
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    # Karez takes Ed25519 alone; the ECDSA signature shows that these octets are what was signed.
    public = ec.EllipticCurvePublicNumbers(
        46950820868899156662930047687818585632848591499744589407958293238635476079160,
        5640078356564379163099075877009565129882514886557779369047442380624545832820,
        ec.SECP256R1(),
    ).public_key()
    raw = b64decode(
        "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="
    )
    signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public.verify(signature, encoded, ec.ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(signature, encoded + b"!", ec.ECDSA(SHA256()))


def test_dsse__signatures_of_ed25519():
    found = vectors("dsse.json")
    secret = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(found["seed"]))
    assert len(found["envelopes"]) == 5
    for envelope in found["envelopes"]:
        payload = urlsafe_b64decode(envelope["payload"])
        encoded = pre_authentication_encoding(envelope["payloadType"], payload)
        assert encoded == bytes.fromhex(envelope["pae"])
        standard = envelope["sig"].replace("-", "+").replace("_", "/")
        assert secret.sign(encoded) == b64decode(standard)
