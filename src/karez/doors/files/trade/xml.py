# pyright: basic
"""XML from strangers. Lxml has no types.

A document that is read whole is limited in size; a longer one is read part by part. It may declare
no type and no entity, and the parser opens nothing but the octets it is given.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - it is compiled

from karez.doors.files.errors import FileUnreadableError
from karez.doors.files.trade.errors import (
    DocumentTooLargeError,
    XmlEncodingError,
    XmlEntityError,
    XmlMalformedError,
)

DOCUMENT_MOST_OCTETS = 16 << 20

_GUARDED = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
"""How a parser of what strangers send is made."""

_ENCODING = {"ERR_INVALID_CHAR", "ERR_INVALID_ENCODING", "ERR_UNSUPPORTED_ENCODING",
             "ERR_UNKNOWN_ENCODING", "ERR_ENCODING_NAME", "I18N_CONV_FAILED",
             "I18N_NO_NAME", "I18N_NO_HANDLER", "I18N_CONV_OUTPUT"}  # fmt: skip
_ENTITY = {"ERR_ENTITY_LOOP", "ERR_UNDECLARED_ENTITY", "ERR_ENTITY_BOUNDARY", "ERR_RESOURCE_LIMIT",
           "WAR_UNDECLARED_ENTITY"}  # fmt: skip

Element = Any  # lxml's, which has no type


def read_document(path: Path) -> bytes:
    """Return the octets of a document.

    Raises:
        DocumentTooLargeError: there are too many of them.
        FileUnreadableError: it cannot be opened.
    """
    try:
        octets = path.stat().st_size
        if octets > DOCUMENT_MOST_OCTETS:
            raise DocumentTooLargeError(octets=octets, most=DOCUMENT_MOST_OCTETS)
        return path.read_bytes()
    except OSError as fault:
        raise FileUnreadableError(file=path, format="a file", reason=fault.strerror) from fault


def parse_xml(octets: bytes) -> Element:
    """Return the root of a document.

    Raises:
        XmlEntityError: it declares a type or an entity.
        XmlEncodingError: its octets are not in the encoding that it declares.
        XmlMalformedError: it is not well-formed, or deeper than the parser goes.
    """
    parser = etree.XMLParser(
        **_GUARDED,
    )
    try:
        root = etree.fromstring(octets, parser)
    except etree.XMLSyntaxError as fault:
        raise _error_of(fault, parser) from fault
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlEntityError
    return root


def stream_xml(path: Path, names: Sequence[str]) -> Generator[tuple[str, Element]]:
    """Yield ``start`` and ``end`` of the elements with these local names, as they are read.

    The root is to be among them. Who has used an element takes it out of its parent when the next
    one comes, so that a document of any length stays small in memory.

    Raises:
        XmlEntityError, XmlEncodingError, XmlMalformedError: as ``parse_xml`` does.
        FileUnreadableError: it cannot be opened.
    """
    try:
        with path.open("rb") as stream:
            yield from _parts(stream, names)
    except OSError as fault:
        raise FileUnreadableError(file=path, format="a file", reason=fault.strerror) from fault


def _parts(stream: IO[bytes], names: Sequence[str]) -> Iterator[tuple[str, Element]]:
    source = etree.iterparse(
        stream,
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in names],
        **_GUARDED,
    )
    try:
        for number, (event, element) in enumerate(source):
            if number == 0 and element.getroottree().docinfo.internalDTD is not None:
                raise XmlEntityError
            yield event, element
    except etree.XMLSyntaxError as fault:
        raise _error_of(fault, source) from fault


def _error_of(
    fault: etree.XMLSyntaxError, parser: etree.XMLParser | etree.iterparse
) -> XmlEntityError | XmlEncodingError | XmlMalformedError:
    """Return the error that the first fault of the parser means: what follows, it caused."""
    first = next(iter(parser.error_log), None)
    kind = "" if first is None else first.type_name
    reason = str(fault) if first is None else f"line {first.line}: {first.message}"
    is_deep = "depth" in reason
    if (kind in _ENTITY and not is_deep) or "entit" in reason.lower():
        return XmlEntityError()
    if kind in _ENCODING or "encod" in reason.lower() or "not proper UTF-8" in reason:
        return XmlEncodingError(reason=reason)
    return XmlMalformedError(reason=reason)


def place_of(element: Element) -> tuple[int, str]:
    """Return the line of an element and its path, with the prefixes of the document."""
    parts: list[str] = []
    for each in (element, *element.iterancestors()):
        parent = each.getparent()
        same = [] if parent is None else [other for other in parent if other.tag == each.tag]
        number = f"[{same.index(each) + 1}]" if len(same) > 1 else ""
        name = etree.QName(each).localname
        parts.append(f"{each.prefix}:{name}{number}" if each.prefix else f"{name}{number}")
    return element.sourceline or 0, "/" + "/".join(reversed(parts))


def name_of(element: Element) -> tuple[str, str]:
    """Return the namespace and the local name of an element."""
    name = etree.QName(element)
    return name.namespace or "", name.localname


def children(element: Element, name: str) -> Iterator[Element]:
    """Yield the children of one local name, whatever their prefix."""
    return element.iterchildren(f"{{*}}{name}")
