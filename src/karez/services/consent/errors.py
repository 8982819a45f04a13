"""The ways in which a consent is refused before the book is asked."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError


class TemplateUnknownError(InvalidInputError):
    """There is no template {template!r} of a consent; use one of {known}."""

    code = "template-unknown"


class TemplateExceededError(InvalidInputError):
    """Template {template} allows {field} up to {most}, and {asked} is asked for; ask for less."""

    code = "template-exceeded"
