"""The Well-Test: a small market with labelled fraud, and how much of it the checks find."""
