"""What a demonstration tells, a chapter at a time, and the facts in it."""

from __future__ import annotations

import sys
import time
from typing import Any

import attrs
import click


@attrs.define
class Story:
    """Chapters for people, facts for programs; silent where only the facts are asked for."""

    quiet: bool
    facts: dict[str, Any] = attrs.field(factory=dict[str, Any])
    disagreements: list[str] = attrs.field(factory=list[str])
    _chapter: int = 0
    _began: float = 0.0

    def begin(self, title: str) -> None:
        """Open the next chapter; who watches is told how long the one before took."""
        if self._chapter and sys.stdout.isatty():
            self.say(f"({time.perf_counter() - self._began:.1f} s)")
        self._chapter += 1
        self._began = time.perf_counter()
        self.say(f"\n{self._chapter}. {title}")

    def say(self, *lines: str) -> None:
        """Tell lines, set in."""
        if not self.quiet:
            for line in lines:
                click.echo(line if line.startswith("\n") else f"   {line}".rstrip())

    def fact(self, name: str, value: object, sentence: str) -> None:
        """Keep a fact, and tell it in a sentence."""
        self.facts[name] = value
        self.say(sentence)

    def agree(self, condition: object, what: str) -> None:
        """Note what does not agree, for the end."""
        if not condition:
            self.disagreements.append(what)
