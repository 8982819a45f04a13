"""The facts book: what happened and who says so, in a log that others can check.

``FactsBook.append`` is the one way in.
"""
