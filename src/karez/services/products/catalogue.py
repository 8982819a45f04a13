"""The catalogue: products for small markets that come with Karez, to publish or to start from."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

from karez.services.products.errors import ProductUnknownError


def catalogue() -> Mapping[str, str]:
    """Return the texts of the catalogue's term sheets, by code."""
    folder = resources.files("karez.services.products") / "sheets"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {file.name.removesuffix(".toml"): file.read_text("utf-8") for file in files}


def catalogue_text(code: str) -> str:
    """Return the text of one of them.

    Raises:
        ProductUnknownError: the catalogue has no such product.
    """
    texts = catalogue()
    if code not in texts:
        raise ProductUnknownError(code=code, version="", known=", ".join(texts))
    return texts[code]
