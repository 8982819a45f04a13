"""On which line of a TOML text each key stands, which Python's own reader does not say."""

from __future__ import annotations

import re
from bisect import bisect_right

import attrs

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_PLAIN = re.compile(r"[^,\]}\n#]*")


def key_lines(text: str) -> dict[Path, int]:
    """Return the line of each key and table, by its path; places in lists count from 0.

    The text is one that ``tomllib`` has read. Lines count from 1.
    """
    scanner = _Scanner(text)
    scanner.run()
    return scanner.lines


@attrs.define
class _Scanner:
    text: str
    at: int = 0
    starts: list[int] = attrs.field(factory=list[int])
    lines: dict[Path, int] = attrs.field(factory=dict[Path, int])
    counts: dict[Path, int] = attrs.field(factory=dict[Path, int])

    def run(self) -> None:
        self.starts = [match.end() for match in re.finditer("\n", self.text)]
        table: Path = ()
        self.skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip()

    def header(self) -> Path:
        start = self.at
        several = self.text.startswith("[[", self.at)
        self.at += 2 if several else 1
        *parents, last = self.key()
        path: Path = ()
        for name in parents:
            path += (name,)
            if path in self.counts:
                path += (self.counts[path] - 1,)
        path += (last,)
        self.at += 2 if several else 1
        if several:
            self.note(path, start)
            self.counts[path] = self.counts.get(path, 0) + 1
            path += (self.counts[path] - 1,)
        self.note(path, start)
        return path

    def pair(self, table: Path) -> None:
        start = self.at
        path = table
        for name in self.key():
            path += (name,)
            self.note(path, start)
        self.at += 1  # the sign of equality
        self.value(path)

    def key(self) -> list[str]:
        names: list[str] = []
        while True:
            self.skip()
            found = _STRING.match(self.text, self.at) or _BARE.match(self.text, self.at)
            assert found is not None  # noqa: S101 - tomllib has read it
            names.append(found[0].strip("\"'"))
            self.at = found.end()
            self.skip()
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def value(self, path: Path) -> None:
        self.skip()
        self.lines.setdefault(path, self.line(self.at))
        opening = self.text[self.at]
        if opening in "[{":
            self.several(path, "]" if opening == "[" else "}")
            return
        found = _STRING.match(self.text, self.at) or _PLAIN.match(self.text, self.at)
        assert found is not None  # noqa: S101 - tomllib has read it
        self.at = found.end()

    def several(self, path: Path, closing: str) -> None:
        self.at += 1
        self.skip()
        place = 0
        while self.text[self.at] != closing:
            if closing == "]":
                self.value((*path, place))
            else:
                self.pair(path)
            place += 1
            self.skip()
            if self.text[self.at] == ",":
                self.at += 1
                self.skip()
        self.at += 1

    def skip(self) -> None:
        found = _BLANK.match(self.text, self.at)
        assert found is not None  # noqa: S101 - it matches nothing too
        self.at = found.end()

    def note(self, path: Path, start: int) -> None:
        self.lines.setdefault(path, self.line(start))

    def line(self, at: int) -> int:
        return bisect_right(self.starts, at) + 1
