"""A file of facts: one JSON object a line.

Beside the fields of its schema a line may have ``key``, the idempotency key of whoever sends it,
and ``attestation``: ``public_key`` and ``signature`` of the attester, in hexadecimal. Or the line
is a DSSE envelope (secure-systems-lab/dsse, envelope.md) around the fact in canonical JSON.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import IO, Any

import attrs
import msgspec

from karez.doors.files.refusals import Refusal
from karez.kernel.errors import KarezError
from karez.services.evidence import (
    ERASURE,
    PAYLOAD_TYPE,
    SCHEMAS,
    Appended,
    Attestation,
    Batch,
    Fact,
    FactMalformedError,
    FactReservedError,
    canonical,
    decode_fact,
    schema_unknown,
)

FACTS_A_BATCH = 5_000
LINE_MOST = 2 << 20
_FIELD = re.compile(r"\$((?:\.\w+|\[[^\]]*\])*)")


@attrs.define
class FactChunk:
    """Facts that are appended together, and the lines that could not be read as facts."""

    file: str
    facts: list[Fact] = attrs.field(factory=list[Fact])
    keys: list[str] = attrs.field(factory=list[str])
    attestations: dict[int, Attestation] = attrs.field(factory=dict[int, Attestation])
    lines: list[tuple[int, bytes]] = attrs.field(factory=list[tuple[int, bytes]])
    unread: list[tuple[Refusal, bytes]] = attrs.field(factory=list[tuple[Refusal, bytes]])

    @property
    def batch(self) -> Batch:
        """The facts, ready to be appended."""
        return Batch(self.facts, self.keys, self.attestations)

    def refusals(self, done: Appended) -> list[tuple[Refusal, bytes]]:
        """Return all lines that were refused, each with its text, in order."""
        refused = [
            (_refusal(self.file, self.lines[place][0], error), self.lines[place][1])
            for place, error in done.refused.items()
        ]
        return sorted(self.unread + refused, key=lambda found: found[0].line)


def read_facts(stream: IO[bytes], file: str) -> Iterator[FactChunk]:
    """Yield the facts of a file, so many at a time that a chunk is one transaction."""
    chunk = FactChunk(file)
    for number, line in _lines(stream):
        if not line.strip():
            continue
        try:
            fact, key, attestation = _parse(line)
        except KarezError as error:
            chunk.unread.append((_refusal(file, number, error), line))
            continue
        if attestation is not None:
            chunk.attestations[len(chunk.facts)] = attestation
        chunk.facts.append(fact)
        chunk.keys.append(key)
        chunk.lines.append((number, line))
        if len(chunk.facts) == FACTS_A_BATCH:
            yield chunk
            chunk = FactChunk(file)
    yield chunk


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield number and text of each line; of one that is too long no more than shows that it is."""
    number = 0
    while line := stream.readline(LINE_MOST + 1):
        number += 1
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(LINE_MOST)
        yield number, line


def _parse(line: bytes) -> tuple[Fact, str, Attestation | None]:
    if len(line) > LINE_MOST:
        raise FactMalformedError(reason=f"the line has more than {LINE_MOST} octets")
    try:
        fields: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
        if "payloadType" in fields:
            fields = _unwrapped(fields)
        key = fields.pop("key", "")
        signed = fields.pop("attestation", None)
        schema = fields.get("schema", "")
        if not isinstance(schema, str) or schema not in SCHEMAS:
            raise schema_unknown(str(schema))
        if schema == ERASURE:
            raise FactReservedError(schema=schema)
        fact = decode_fact(schema, canonical(fields))
    except (msgspec.DecodeError, UnicodeError) as fault:
        raise FactMalformedError(reason=str(fault)) from fault
    if not isinstance(key, str):
        raise FactMalformedError(reason="$.key is no text")
    return fact, key, None if signed is None else _attestation(signed)


def _unwrapped(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the line that an envelope stands for: its payload, and the signature beside it.

    The signature is checked where facts are appended, over the canonical JSON of the fact: one over
    a payload that is written otherwise does not hold.
    """
    if envelope["payloadType"] != PAYLOAD_TYPE:
        raise FactMalformedError(reason=f"$.payloadType is not {PAYLOAD_TYPE}")
    try:
        (signed,) = envelope["signatures"]
        fields: dict[str, Any] = msgspec.json.decode(
            _octets(envelope["payload"]), type=dict[str, Any]
        )
        attestation = {"public_key": signed["keyid"], "signature": _octets(signed["sig"]).hex()}
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        reason = f"$.payload and one of $.signatures with keyid and sig cannot be read: {fault}"
        raise FactMalformedError(reason=reason) from fault
    return fields | {"key": envelope.get("key", ""), "attestation": attestation}


def _octets(text: str) -> bytes:
    """Return what base 64 shows, in either alphabet: DSSE asks that both be taken."""
    return b64decode(text.replace("-", "+").replace("_", "/"), validate=True)


def _attestation(signed: Any) -> Attestation:  # as JSON has it
    try:
        return Attestation(bytes.fromhex(signed["public_key"]), bytes.fromhex(signed["signature"]))
    except (KeyError, TypeError, ValueError) as fault:
        reason = "$.attestation has no public_key and signature in hexadecimal"
        raise FactMalformedError(reason=reason) from fault


def _refusal(file: str, line: int, error: KarezError) -> Refusal:
    """Return a refusal that names the field, where the error does."""
    field = str(error.details.get("field", ""))
    named = _FIELD.search(str(error.details.get("reason", "")))
    if not field and named:
        field = named[1].lstrip(".")
    value = error.details.get("value", error.details.get("said", ""))
    return Refusal(file, "line", line, field, str(value), error)
