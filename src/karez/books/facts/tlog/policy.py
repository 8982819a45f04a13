"""Whose signatures suffice: logs, witnesses, groups and a quorum (c2sp.org/tlog-policy)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

import attrs

from karez.books.facts.errors import (
    KeyMalformedError,
    NoteUnverifiedError,
    PolicyMalformedError,
    PolicyUnmetError,
)
from karez.books.facts.tlog.checkpoint import Checkpoint
from karez.books.facts.tlog.keys import KeyKind, VerifierKey
from karez.books.facts.tlog.note import Note, Verified

NONE = "none"


@attrs.frozen
class Group:
    """So many of these members are enough."""

    needed: int
    members: tuple[str, ...]


@attrs.frozen
class Peer:
    """A log or a witness, and where it is reached."""

    key: VerifierKey
    url: str


@attrs.frozen
class Policy:
    """Which logs are accepted, and which witnesses must have cosigned."""

    logs: tuple[Peer, ...]
    witnesses: Mapping[str, Peer]
    groups: Mapping[str, Group]
    quorum: str

    @classmethod
    def of_log(cls, key: VerifierKey) -> Self:
        """Return the policy that asks for the log's own signature and for no witness."""
        return cls((Peer(key, ""),), {}, {}, NONE)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the policy that a file holds.

        Raises:
            PolicyMalformedError: a line cannot be read, or says what may not be said.
        """
        reader = _Reader()
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            words = line.replace("\t", " ").split()
            if words and not words[0].startswith("#"):
                reader.read(number, words)
        if reader.quorum is None:
            raise PolicyMalformedError(line=len(lines), reason="there is no quorum line")
        return cls(tuple(reader.logs), reader.witnesses, reader.groups, reader.quorum)

    def check(self, note: Note) -> tuple[Checkpoint, list[Verified]]:
        """Return the checkpoint of a note and the signatures that this policy counts.

        Raises:
            NoteMalformedError: the note is no checkpoint.
            NoteUnverifiedError: no log of this policy signed it, or a signature is wrong.
            PolicyUnmetError: too few witnesses cosigned it.
        """
        checkpoint = Checkpoint.parse(note.body)
        logs = [peer.key for peer in self.logs if peer.key.name == checkpoint.origin]
        signed = note.verify(logs)
        if not signed:
            raise NoteUnverifiedError(name=checkpoint.origin)
        present: set[str] = set()
        for name, peer in self.witnesses.items():
            found = note.verify([peer.key])
            if found:
                present.add(name)
                signed += found
        if not self._met(self.quorum, present):
            raise PolicyUnmetError(quorum=self.quorum, present=", ".join(sorted(present)) or "none")
        return checkpoint, signed

    def _met(self, name: str, present: set[str]) -> bool:
        if name == NONE or name in present:
            return True
        group = self.groups.get(name)
        if group is None:
            return False
        return sum(self._met(member, present) for member in group.members) >= group.needed


@attrs.define
class _Reader:
    logs: list[Peer] = attrs.field(factory=list[Peer])
    witnesses: dict[str, Peer] = attrs.field(factory=dict[str, Peer])
    groups: dict[str, Group] = attrs.field(factory=dict[str, Group])
    quorum: str | None = None
    members: set[str] = attrs.field(factory=set[str])

    def read(self, number: int, words: list[str]) -> None:
        kinds: dict[str, Callable[[list[str]], str]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        kind = kinds.get(words[0])
        try:
            reason = kind(words[1:]) if kind else f"{words[0]} is not a kind of line"
        except KeyMalformedError as fault:
            raise PolicyMalformedError(line=number, reason=str(fault)) from fault
        if reason:
            raise PolicyMalformedError(line=number, reason=reason)

    def _log(self, words: list[str]) -> str:
        if len(words) not in {1, 2}:
            return "write: log VKEY [URL]"
        key = VerifierKey.parse(words[0])
        if key.kind is KeyKind.COSIGNATURE:
            return "this is the key of a witness"
        if any(key.public_key == peer.key.public_key for peer in self.logs):
            return "the same key stands twice"
        self.logs.append(Peer(key, words[1] if len(words) > 1 else ""))
        return ""

    def _witness(self, words: list[str]) -> str:
        if len(words) not in {2, 3}:
            return "write: witness NAME VKEY [URL]"
        key = VerifierKey.parse(words[1])
        if key.kind is KeyKind.NOTE:
            return "this is the key of a log"
        if any(key.public_key == peer.key.public_key for peer in self.witnesses.values()):
            return "the same key stands twice"
        if self._is_taken(words[0]):
            return f"{words[0]} is taken"
        self.witnesses[words[0]] = Peer(key, words[2] if len(words) > 2 else "")
        return ""

    def _group(self, words: list[str]) -> str:
        if len(words) < 3:
            return "write: group NAME all|any|NUMBER MEMBER..."
        name, needed, *members = words
        counts = {"any": 1, "all": len(members)}
        count = counts.get(needed, int(needed) if needed.isascii() and needed.isdecimal() else 0)
        if not 1 <= count <= len(members):
            return f"{needed} of {len(members)} members is no number that can be reached"
        if self._is_taken(name):
            return f"{name} is taken"
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                return f"{member} is not named on a line before"
            if member in self.members:
                return f"{member} is a member already"
            self.members.add(member)
        self.groups[name] = Group(count, tuple(members))
        return ""

    def _quorum(self, words: list[str]) -> str:
        if len(words) != 1 or self.quorum is not None:
            return "there is one quorum line, with one name"
        if words[0] != NONE and words[0] not in self.witnesses and words[0] not in self.groups:
            return f"{words[0]} is not named on a line before"
        self.quorum = words[0]
        return ""

    def _is_taken(self, name: str) -> bool:
        return name == NONE or name in self.witnesses or name in self.groups
