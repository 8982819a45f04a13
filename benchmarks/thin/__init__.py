"""Scores from few loans: ours beside its peers, on real loans that no choice ever looked at."""
