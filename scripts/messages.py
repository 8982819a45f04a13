"""Gathers the texts of the console into its message catalogues: `make messages`.

A text that is new stands in each catalogue without a translation; one that is gone is taken out.
A test fails until the Chinese one is whole.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
CONSOLE = ROOT / "src" / "karez" / "doors" / "console"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {
    "**.html": {
        "trimmed": "true",
        "silent": "false",
        "newstyle_gettext": "true",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
        "extensions": "jinja2.ext.do",
    }
}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "later": None, "text_of": (2,), "text": None}


def main() -> None:
    """Bring each catalogue below ``locale`` up to the code."""
    template = gathered()
    for path in sorted(CONSOLE.glob("locale/*/LC_MESSAGES/messages.po")):
        path.write_bytes(updated(path, template))
        print(f"{path.relative_to(ROOT)}: {len(untranslated(path))} without a translation")


def gathered() -> Catalog:
    """Return all texts of the console with the files where they stand."""
    catalog = Catalog(project="karez", charset="utf-8", fuzzy=False)
    found = extract_from_dir(CONSOLE, METHODS, OPTIONS, keywords=KEYWORDS)
    places: dict[str | tuple[str, ...], list[tuple[str, int]]] = {}
    for name, _, text, _, _ in sorted(found, key=lambda hit: (hit[0], hit[1])):
        key = tuple(text) if isinstance(text, tuple | list) else text
        files = places.setdefault(key, [])
        if (name, 0) not in files:
            files.append((name, 0))
    for text, files in places.items():
        catalog.add(text, locations=files)
    return catalog


def updated(path: Path, template: Catalog) -> bytes:
    """Return a catalogue as it should be written, with the texts of now."""
    catalog = read(path)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    written = BytesIO()
    write_po(written, catalog, width=100, omit_header=False, sort_output=True, include_lineno=False)
    head, _, body = written.getvalue().partition(b"\n\n")
    kept = [line for line in head.splitlines() if not line.startswith((b"#", b'"POT-', b'"PO-'))]
    kept = [
        line for line in kept if not line.startswith((b'"Generated-By', b'"Last-Tr', b'"Report'))
    ]
    return b"\n".join(kept) + b"\n\n" + body


def untranslated(path: Path) -> list[str]:
    """Return the texts that a catalogue says nothing for."""
    return [
        str(message.id)
        for message in read(path)
        if message.id and not all(as_tuple(message.string))
    ]


def read(path: Path) -> Catalog:
    """Return a catalogue; the folder names its language."""
    with path.open("rb") as file:
        return read_po(file, locale=Locale(path.parent.parent.name))


def as_tuple(string: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the plural forms of a translation."""
    return string if isinstance(string, tuple) else (string,)


if __name__ == "__main__":
    main()
