"""The rights book: who may claim which thing, or use which data.

``record`` is the one way in; ``read`` and ``search`` are the way out; ``verify`` trusts neither.
"""
