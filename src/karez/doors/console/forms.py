"""What a form holds between two answers: what was typed, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs


@attrs.frozen
class Form:
    """Values as typed, by the names of their fields, and a sentence for each that will not do.

    A fault under the name ``""`` is of the whole form.
    """

    values: Mapping[str, str] = attrs.field(factory=dict[str, str])
    faults: Mapping[str, str] = attrs.field(factory=dict[str, str])

    def value(self, name: str) -> str:
        """Return what was typed into a field, or nothing."""
        return self.values.get(name, "")

    def fault(self, name: str) -> str:
        """Return what is wrong with a field, or nothing."""
        return self.faults.get(name, "")

    def refused(self, faults: Sequence[tuple[str, str]]) -> Form:
        """Return the form with what a problem says of it: JSON pointers and sentences.

        A pointer into a field's parts is the field's; one to no field of the form is the form's.
        """
        found: dict[str, str] = {}
        for pointer, sentence in faults:
            name = pointer.strip("/").split("/")[0]
            known = name if name in self.values else ""
            found[known] = f"{found[known]} {sentence}" if known in found else sentence
        return attrs.evolve(self, faults=found)
