"""What can fail on the ground of the console, under any page."""

from __future__ import annotations

from karez.kernel.errors import InvalidInputError, NotFoundError, UnavailableError


class ConsoleAssetsMissingError(UnavailableError):
    """The console's files are not built ({name} is missing): run `make assets` in the checkout."""

    code = "console-assets-missing"


class FormForgedError(InvalidInputError):
    """The form was not sent from a page of this console, or is too old: load the page anew."""

    code = "form-forged"


class PageUnknownError(NotFoundError):
    """There is no page {path} here; go by the menu, or search."""

    code = "page-unknown"


class DeedUnknownError(NotFoundError):
    """There is nothing called {deed} to be done to a loan; go by its page."""

    code = "deed-unknown"
