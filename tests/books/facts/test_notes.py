"""Signed notes, keys, cosignatures and proofs, against vectors that others published."""

import base64
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from karez.books.facts.errors import (
    KeyMalformedError,
    NoteMalformedError,
    NoteUnverifiedError,
)
from karez.books.facts.signer import Signer
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.keys import KeyKind, SigningKey, VerifierKey
from karez.books.facts.tlog.merkle import is_included, leaf_hash, node_hash
from karez.books.facts.tlog.note import Note, Signature, sign
from karez.books.facts.tlog.proof import LogProof
from karez.books.facts.tlog.submission import Submission
from karez.kernel.errors import KarezError

DASH = "\N{EM DASH} "
# c2sp.org/signed-note, its example.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n"
    f"{DASH}example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3m"
    "FXmRKuwHjG1Yu72IneyaQM=\n"
)
# golang.org/x/mod, sumdb/note/note_test.go.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
SAYING = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_LINE = (
    f"{DASH}PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    f"{DASH}EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWL"
    "ox33WWd1RvMc+QQ=\n"
)
# A log of three entries, made with seeds of ones and twos; two other verifiers accept it.
LOG = SigningKey("karez.example/facts", KeyKind.NOTE, bytes([1]) * 32)
WITNESS = SigningKey("witness.example/w1", KeyKind.COSIGNATURE, bytes([2]) * 32)
BODY = "karez.example/facts\n3\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n"
LOG_PAYLOAD = (
    "Fa6NAj8Cl5jxsFZDEf/cWP9bzvH2b4xq75agoM9CWHgRhaT6YxIPIJBfPYkS9s1VONBpNwxaOeFV4A4sOm98l6x/Bg0="
)
COSIGNATURE = (
    "3xwKNQAAAABpVbkAZoI1sIrOrXxdqpaMm22jgkc7K525JBQLVUabA8YPBCTczKH61aRb85PgeZkbifkrIieUmBwLaOAj"
    "P/IphmxyBw=="
)
TIME = 1767225600
PROOF = (
    "0Nc2CrefWKseHj/mStd+LqC8B+NrX0btIiPt2SmN+ek=",
    "Zx8UbF5HHooag6PCFM5LqQe486WIjRTMjNPOdbsS75Q=",
)


def test_note__example_of_the_specification():
    note = Note.parse(EXAMPLE)
    assert note.text == EXAMPLE
    (verified,) = note.verify([VerifierKey.parse(EXAMPLE_KEY)])
    assert verified.key.name == "example.com/foo"
    forged = Note.parse(EXAMPLE.replace("example message", "other message"))
    with pytest.raises(NoteUnverifiedError):
        forged.verify([VerifierKey.parse(EXAMPLE_KEY)])


def test_note__of_go_signed_and_verified():
    key = SigningKey.parse(PETER_SECRET)
    assert (key.text, key.verifier.text) == (PETER_SECRET, PETER)
    assert sign(SAYING, key).line == PETER_LINE
    note = Note.parse(f"{SAYING}\n{PETER_LINE}{ENOCH_LINE}")
    keys = [VerifierKey.parse(text) for text in (PETER, ENOCH, EXAMPLE_KEY)]
    assert [each.key.name for each in note.verify(keys)] == ["PeterNeumann", "EnochRoot"]


@pytest.mark.parametrize("text", [PETER, PETER_SECRET])
def test_key__no_mangling_is_taken(text: str):
    parse = SigningKey.parse if text == PETER_SECRET else VerifierKey.parse
    bad = [
        text[start:end]
        for start in range(len(text))
        for end in range(start + 1, len(text) + 1)
        if (start, end) != (0, len(text))
    ]
    bad += [
        text[:place] + chr(ord(text[place]) + 1) + text[place + 1 :] for place in range(len(text))
    ]
    for mangled in bad:
        with pytest.raises(KeyMalformedError):
            parse(mangled)


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_key__of_wrong_length_or_kind_with_a_fitting_id(text: str):
    with pytest.raises(KeyMalformedError):
        VerifierKey.parse(text)


def test_key__secret_is_shown_by_nothing():
    assert PETER_SECRET[-20:] not in repr(SigningKey.parse(PETER_SECRET))
    assert "seed" not in repr(Signer((LOG,)))


def test_vector__of_three_entries_byte_for_byte():
    assert LOG.verifier.text == (
        "karez.example/facts+15ae8d02+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
    )
    assert WITNESS.verifier.text == (
        "witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"
    )
    leaves = [leaf_hash(entry) for entry in (b"one", b"two", b"three")]
    root = node_hash(node_hash(*leaves[:2]), leaves[2])
    assert Checkpoint("karez.example/facts", 3, root).body == BODY
    assert sign(BODY, LOG).line == f"{DASH}karez.example/facts {LOG_PAYLOAD}\n"
    assert sign(BODY, WITNESS, TIME).line == f"{DASH}witness.example/w1 {COSIGNATURE}\n"
    note = Note(BODY).signed(sign(BODY, LOG), sign(BODY, WITNESS, TIME))
    proof = LogProof(1, tuple(map(base64.b64decode, PROOF)), note)
    assert is_included(leaves[1], 1, 3, proof.hashes, root)
    lines = ("c2sp.org/tlog-proof@v1", "index 1", *PROOF, "", BODY[:-1])
    assert proof.text.startswith("\n".join(lines))
    assert LogProof.parse(proof.text) == proof
    (_, cosigned) = note.verify([LOG.verifier, WITNESS.verifier])
    assert cosigned.time_seconds == TIME


def test_vector__refused_with_any_bit_flipped():
    note = Note(BODY).signed(sign(BODY, LOG), sign(BODY, WITNESS, TIME))
    octets = note.text.encode()
    for place in range(len(octets)):
        for bit in range(8):
            bent = octets[:place] + bytes([octets[place] ^ 1 << bit]) + octets[place + 1 :]
            assert not accepted(bent), (place, bit)


def accepted(octets: bytes) -> bool:
    """Whether both signatures still hold, and over the same checkpoint."""
    try:
        note = Note.parse(octets.decode())
        signed = note.verify([LOG.verifier, WITNESS.verifier])
    except (KarezError, UnicodeDecodeError):
        return False
    return len(signed) == 2


def test_post_quantum__key_of_the_specified_size_and_message():
    key = SigningKey("karez.example/facts", KeyKind.SUBTREE, bytes([3]) * 32)
    assert len(key.verifier.public_key) == 1312
    signature = sign(BODY, key, TIME)
    assert len(signature.payload) == 8 + 2420
    message = (
        b"subtree/v1\n\0" + b"\x13karez.example/facts" + struct.pack(">Q", TIME)
        + b"\x13karez.example/facts" + struct.pack(">QQ", 0, 3)
        + base64.b64decode("Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=")
    )  # fmt: skip
    assert key.verifier.verifies(message, signature.payload[8:])
    assert VerifierKey.parse(key.verifier.text) == key.verifier
    assert SigningKey.parse(key.text).verifier == key.verifier
    both = Note(BODY).signed(sign(BODY, LOG), signature)
    assert len(both.verify([LOG.verifier, key.verifier])) == 2
    assert len(both.verify([LOG.verifier])) == 1  # who does not know the kind ignores it


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\nno dash name AAAAAAAA\n",
        f"text\n\n{DASH}name !!!!\n",
        f"text\n\n{DASH}name AAAA\n",
        f"text\n\n{DASH}na+me AAAAAAAAAAA=\n",
        f"text\n\n{DASH}name AAAAAAAAAAA=",
        f"te\txt\n\n{DASH}name AAAAAAAAAAA=\n",
        f"te\rxt\n\n{DASH}name AAAAAAAAAAA=\n",
        "text\n\n" + f"{DASH}name AAAAAAAAAAA=\n" * 2000,
    ],
)
def test_note__malformed(text: str):
    with pytest.raises(NoteMalformedError):
        Note.parse(text)


@pytest.mark.parametrize(
    "body",
    [
        "origin\n1\n",
        "\n1\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n",
        "origin\n01\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n",
        "origin\n-1\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n",
        "origin\n9999999999999999999\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n",
        "origin\n1\nWqx3\n",
        "origin\n1\n????\n",
        "origin\n1\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKl=\n",
    ],
)
def test_checkpoint__malformed(body: str):
    with pytest.raises(NoteMalformedError):
        Checkpoint.parse(body)


def test_checkpoint__extension_lines_are_let_pass():
    assert Checkpoint.parse(BODY + "more\n") == Checkpoint.parse(BODY)


@pytest.mark.parametrize(
    "octets",
    [b"", b"old 1", b"old x\n\n", b"new 1\n\n", b"old 1\nAAAA\n\n", b"\xff", b"old 0\n" * 20000],
)
def test_submission__malformed(octets: bytes):
    with pytest.raises(NoteMalformedError):
        Submission.parse(octets)


def test_submission__there_and_back():
    note = Note(BODY).signed(sign(BODY, LOG))
    submission = Submission(2, [bytes(32), bytes([7]) * 32], note)
    assert submission.text.startswith("old 2\nAAAA")
    back = Submission.parse(submission.text.encode())
    assert (back.old_size, list(back.proof), back.note) == (2, list(submission.proof), note)


def test_signature__of_an_unknown_key_does_not_count():
    stranger = SigningKey.new("karez.example/facts", KeyKind.NOTE)
    assert Note(BODY).signed(sign(BODY, stranger)).verify([LOG.verifier]) == []
    lie = Signature(LOG.name, LOG.verifier.key_id, bytes(64))
    with pytest.raises(NoteUnverifiedError):
        Note(BODY).signed(lie).verify([LOG.verifier])


def test_ed25519__is_that_of_rfc_8032():
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = SigningKey("a", KeyKind.NOTE, secret)
    assert key.sign(b"x") == Ed25519PrivateKey.from_private_bytes(secret).sign(b"x")
    assert key.verifier.public_key.hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )
