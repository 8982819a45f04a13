"""The ways products refuse: one class each, named in ``docs/reference/errors.md``."""

from __future__ import annotations

from karez.kernel.errors import ConflictError, InvalidInputError, NotFoundError


class SheetKeyError(InvalidInputError):
    """{file}, line {line}: {key}: {rule}."""

    code = "product-key"


class SheetBrokenError(InvalidInputError):
    """{first} {more}"""  # noqa: D415 - both are sentences

    code = "product-broken"


class ProductUnknownError(NotFoundError):
    """There is no product {code!r}{version}; there are {known}."""

    code = "product-unknown"


class ProductTermError(InvalidInputError):
    """{field} {value} does not fit {product}: {rule}."""

    code = "product-term"


class ProductPublishedError(ConflictError):
    """{product} was published by another at the same moment; look at it, and publish again."""

    code = "product-published"
