"""What can be wrong with a question about portraits."""

from karez.kernel.errors import NotFoundError


class FeatureUnknownError(NotFoundError):
    """No feature is called {name}; docs/reference/features.md has them all."""

    code = "feature-unknown"
