"""What can be wrong with a case of a schedule: named by case, field and rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, cast

from karez.kernel.errors import InvalidInputError, UnavailableError

T = TypeVar("T")


class CaseBrokenError(InvalidInputError):
    """Case {case}: {field} is {value}, but {rule}; mend the case."""

    code = "case-broken"


class CaseFailedError(UnavailableError):
    """Case {case} could not be computed, by a fault of ours: {reason}; please report it."""

    code = "case-failed"


class Fields:
    """The fields of one object of a case, read with errors that name case and field."""

    def __init__(self, case: str, name: str, values: object) -> None:
        self.case = case
        self.name = name
        if not isinstance(values, Mapping):
            raise CaseBrokenError(case=case, field=name, value=values, rule="it must be an object")
        self.values = cast("Mapping[str, Any]", values)  # JSON of any shape; read field by field

    def broken(self, field: str, rule: str) -> CaseBrokenError:
        """Return the error that names a field and the rule that it breaks."""
        value = self.values.get(field, "missing")
        return CaseBrokenError(case=self.case, field=f"{self.name}.{field}", value=value, rule=rule)

    def get(self, field: str) -> Any:  # JSON of any shape
        """Return a field as it stands, or None."""
        return self.values.get(field)

    def flag(self, field: str) -> bool:
        """Return a field that says yes or no; one that is missing says no."""
        value = self.values.get(field)
        return value is True or value == "true"

    def text(self, field: str) -> str:
        """Return a field that must hold text."""
        value = self.values.get(field)
        if not isinstance(value, str) or not value:
            raise self.broken(field, "it must hold text")
        return value

    def day(self, field: str) -> date:
        """Return a field that must hold a date as year-month-day."""
        try:
            return date.fromisoformat(self.text(field))
        except ValueError:
            raise self.broken(field, "it must be a date as year-month-day") from None

    def number(self, field: str) -> Decimal:
        """Return a field that must hold a number."""
        value = self.values.get(field)
        try:
            if value is None or isinstance(value, bool | float):
                raise self.broken(field, "it must be a number")
            number = Decimal(str(value))
        except InvalidOperation:
            raise self.broken(field, "it must be a number") from None
        if not number.is_finite():
            raise self.broken(field, "it must be a number")
        return number

    def whole(self, field: str, *, default: int | None = None) -> int:
        """Return a field that must hold a whole number that is not negative."""
        if default is not None and self._is_blank(field):
            return default
        number = self.number(field)
        if number != number.to_integral_value() or number < 0:
            raise self.broken(field, "it must be a whole number, zero or more")
        return int(number)

    def amount(self, field: str, decimals: int) -> int:
        """Return a field that must hold an amount that is not negative, in minor units."""
        number = self.number(field) * 10**decimals
        if number < 0:
            raise self.broken(field, "an amount is not negative")
        if number != number.to_integral_value():
            raise self.broken(field, f"an amount has no more than {decimals} decimals")
        return int(number)

    def choice(self, field: str, choices: Mapping[str, T], default: T | None = None) -> T:
        """Return what a field's word stands for."""
        value = self.values.get(field)
        if default is not None and self._is_blank(field):
            return default
        if not isinstance(value, str) or value not in choices:
            raise self.broken(field, f"the conventions known are {', '.join(choices)}")
        return choices[value]

    def _is_blank(self, field: str) -> bool:
        value = self.values.get(field)
        return value is None or value == ""
