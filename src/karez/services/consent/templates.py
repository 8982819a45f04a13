"""What it is fair to ask a person for: upper bounds by purpose, as data."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

from karez.books.rights.claim import Consent, Period
from karez.services.consent.errors import TemplateExceededError, TemplateUnknownError

_PERIOD_DAYS = {Period.HOUR: 1 / 24, Period.DAY: 1, Period.MONTH: 30, Period.YEAR: 365}


def load_templates() -> dict[str, dict[str, Any]]:
    """Return the templates by name, as the data file has them."""
    file = resources.files("karez.services.consent") / "templates.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def check_template(consent: Consent) -> None:
    """Refuse a consent that asks for more than its template holds fair; without one, nothing.

    Raises:
        TemplateUnknownError: there is no such template.
        TemplateExceededError: the field, what is asked, and the most.
    """
    if not consent.template:
        return
    templates = load_templates()
    bounds = templates.get(consent.template)
    if bounds is None:
        raise TemplateUnknownError(template=consent.template, known=", ".join(templates))
    for field in ("purposes", "scopes", "modes"):
        beyond = [each for each in getattr(consent, field) if each not in bounds[field]]
        if beyond:
            _exceeded(consent, field, ", ".join(bounds[field]), beyond[0])
    numbers = {
        "validity_days": (consent.ends_at - consent.starts_at).total_seconds() / 86_400,
        "range_days": (consent.range_to - consent.range_from).days + 1,
        "data_life_days": consent.data_life_days,
        "uses_a_day": _uses_a_day(consent),
    }
    for field, asked in numbers.items():
        if asked > bounds[f"{field}_most"]:
            _exceeded(consent, field, bounds[f"{field}_most"], asked)
    if bounds.get("needs_total") and consent.total_most_minor is None:
        _exceeded(consent, "the total", "a limit", "none")


def _uses_a_day(consent: Consent) -> float:
    """Return how many uses a day the consent allows over its period."""
    validity_days = (consent.ends_at - consent.starts_at).total_seconds() / 86_400
    return consent.uses_most / _PERIOD_DAYS.get(consent.uses_period, max(1, validity_days))


def _exceeded(consent: Consent, field: str, most: object, asked: object) -> None:
    raise TemplateExceededError(
        template=consent.template, field=field.replace("_", " "), most=most, asked=asked
    )
