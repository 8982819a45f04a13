"""Whose signatures suffice."""

import pytest

from books.facts.test_notes import BODY, LOG, TIME
from karez.books.facts.errors import (
    NoteUnverifiedError,
    PolicyMalformedError,
    PolicyUnmetError,
)
from karez.books.facts.tlog.keys import KeyKind, SigningKey
from karez.books.facts.tlog.note import Note, sign
from karez.books.facts.tlog.policy import Policy

PEERS = {
    name: SigningKey(f"{name}.example/w", KeyKind.COSIGNATURE, bytes([number]) * 32)
    for number, name in enumerate(("coop1", "coop2", "coop3", "auditor", "regulator"), 10)
}
WITNESSES = "".join(f"witness {name} {key.verifier.text}\n" for name, key in PEERS.items())
RING = (
    f"# our neighbours\nlog {LOG.verifier.text}\n{WITNESSES}"
    "group peers 2 coop1 coop2 coop3\n"
    "\tgroup public any auditor regulator\n"
    "group q all peers public\nquorum q\n"
)


def cosigned(*names: str) -> Note:
    lines = [sign(BODY, PEERS[name], TIME) for name in names]
    return Note(BODY).signed(sign(BODY, LOG), *lines)


@pytest.mark.parametrize(
    "names", [("coop1", "coop3", "auditor"), ("coop1", "coop2", "coop3", "regulator")]
)
def test_policy__met(names: tuple[str, ...]):
    checkpoint, signed = Policy.parse(RING).check(cosigned(*names))
    assert checkpoint.size == 3
    assert len(signed) == 1 + len(names)


@pytest.mark.parametrize("names", [(), ("coop1", "auditor"), ("coop1", "coop2", "coop3")])
def test_policy__unmet(names: tuple[str, ...]):
    with pytest.raises(PolicyUnmetError):
        Policy.parse(RING).check(cosigned(*names))


def test_policy__asks_for_the_log_itself():
    witnesses_alone = Note(BODY).signed(
        *(sign(BODY, PEERS[name], TIME) for name in ("coop1", "coop2", "auditor"))
    )
    with pytest.raises(NoteUnverifiedError):
        Policy.parse(RING).check(witnesses_alone)


def test_policy__a_key_of_another_name_is_another_log():
    other = SigningKey("other.example/facts", KeyKind.NOTE, LOG.seed)
    with pytest.raises(NoteUnverifiedError):
        Policy.of_log(other.verifier).check(Note(BODY).signed(sign(BODY, other)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("quorum none\nquorum none\n", 2),
        ("quorum x\n", 1),
        ("log nonsense\nquorum none\n", 1),
        (f"log {LOG.verifier.text}\nlog {LOG.verifier.text}\nquorum none\n", 2),
        (f"log {PEERS['coop1'].verifier.text}\nquorum none\n", 1),
        (f"witness a {LOG.verifier.text}\nquorum none\n", 1),
        (f"witness none {PEERS['coop1'].verifier.text}\nquorum none\n", 1),
        (f"{WITNESSES}group g 3 coop1 coop2\nquorum g\n", 6),
        (f"{WITNESSES}group g 0 coop1 coop2\nquorum g\n", 6),
        (f"{WITNESSES}group g any coop1 coop1\nquorum g\n", 6),
        (f"{WITNESSES}group g any none\nquorum g\n", 6),
        (f"{WITNESSES}group g any later\nquorum g\n", 6),
        (f"{WITNESSES}group g any coop1\ngroup h any coop1\nquorum g\n", 7),
        (f"{WITNESSES}group coop1 any coop2\nquorum coop2\n", 6),
        (f"{WITNESSES}group g\nquorum coop1\n", 6),
        ("trust me\n", 1),
    ],
)
def test_policy__malformed(text: str, line: int):
    with pytest.raises(PolicyMalformedError) as caught:
        Policy.parse(text)
    assert caught.value.details["line"] == line
