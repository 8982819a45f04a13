"""Print docs/reference/facts.md as the schemas have it; ``--write`` it in its place."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.inspect import type_info

from karez.books.facts import parts
from karez.books.facts.retention import Retention
from karez.books.facts.schemas import SCHEMAS, Fact

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "facts.md"
INTRODUCTION = """\
# Facts

<!-- Made by scripts/facts_page.py --write from the schemas themselves. -->

`karez facts add FILE` takes one JSON object a line. `schema` names one of the schemas below; what a
fact does not need is left out, and what its schema does not have is refused. Amounts are whole
numbers of minor units; quantities, rates and measured values decimal text (`"12.5"`); dates
`2026-01-31`; instants `2026-01-31T17:45:00+02:00`. A text has at most 2,000 letters: what is longer
enters by its SHA-256.

Beside these a line may have:

| field | what it holds |
| --- | --- |
| `key` | what the sender calls this fact; without it a fact is known by its content |
| `attestation` | the attester's Ed25519 `public_key` and `signature`, in hexadecimal |

The signature is over what DSSE encodes: `DSSEv1 31 application/vnd.karez.fact+json`, a space, the
length in octets, a space, and the fact in canonical JSON (RFC 8785) without `key` and
`attestation`.

A line may also be the DSSE envelope itself: `payload`, `payloadType` and one of `signatures`, whose
`keyid` is the public key in hexadecimal. The payload is the fact in canonical JSON.

`--rejects FILE` keeps refused lines as they stood.

## All facts

"""


def page() -> str:
    """Return the text of the page."""
    sections = [INTRODUCTION + _document(Fact) + "\n\n" + _table(Fact, own=False)]
    periods = Retention.standard().periods
    for name, schema in SCHEMAS.items():
        period = periods.get(name)
        kept = f"\n\nKept for {period.years} years: {period.basis}." if period else ""
        sections.append(f"## {name}\n\n{_document(schema)}{kept}\n\n{_table(schema, own=True)}")
    sections += [
        f"## {part.__name__}\n\n{_document(part)}\n\n{_table(part, own=False)}"
        for part in (parts.Party, parts.Place, parts.Thing, parts.Line, parts.Reference)
    ]
    return "\n".join(sections)


def _document(schema: type) -> str:
    """Return what a schema says of itself, as Markdown."""
    said = inspect.getdoc(schema) or ""
    parent = schema.__mro__[1]
    if parent is not Fact and issubclass(parent, Fact):
        said += "\n\n" + "\n\n".join((inspect.getdoc(parent) or "").split("\n\n")[1:])
    return said.replace("``", "`").rstrip()


def _table(schema: type[msgspec.Struct], *, own: bool) -> str:
    shared = {field.name for field in msgspec.structs.fields(Fact)} if own else set[str]()
    info = type_info(schema)
    assert isinstance(info, msgspec.inspect.StructType)
    rows = [
        f"| `{field.encode_name}` | {'yes' if field.required else ''} | {_kind(field.type)} |"
        for field in info.fields
        if field.name not in shared
    ]
    return "\n".join(["| field | needed | kind |", "| --- | --- | --- |", *rows]) + "\n"


def _kind(kind: msgspec.inspect.Type) -> str:
    return " or ".join(dict.fromkeys(_kinds(kind)))


def _kinds(kind: msgspec.inspect.Type) -> Iterator[str]:
    match kind:
        case msgspec.inspect.Metadata():
            yield from _kinds(kind.type)
        case msgspec.inspect.UnionType():
            for each in kind.types:
                yield from _kinds(each)
        case msgspec.inspect.StructType():
            name = kind.cls.__name__
            yield f"[{name}](#{name.lower()})"
        case msgspec.inspect.VarTupleType():
            yield f"list of {_kind(kind.item_type)}"
        case msgspec.inspect.LiteralType():
            yield ", ".join(f"`{value}`" for value in kind.values)
        case msgspec.inspect.StrType():
            yield _PATTERNS[kind.pattern or ""]
        case _:
            yield from _SIMPLE[type(kind)]


_SIMPLE: dict[type, tuple[str, ...]] = {
    msgspec.inspect.NoneType: (),
    msgspec.inspect.IntType: ("whole number",),
    msgspec.inspect.DateType: ("date",),
    msgspec.inspect.DateTimeType: ("instant",),
    msgspec.inspect.BoolType: ("yes or no",),
}
_PATTERNS = {
    "": "text",
    "^[A-Z]{3}$": "currency",
    "^[0-9a-f]{64}$": "SHA-256 in hexadecimal",
    r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$": "decimal text",
}


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
