"""The Well-Test: a small market with labelled fraud, and how much of it each set of checks finds."""
