"""Lending: loans are booked, what happens to them is recorded and posted, and can be undone."""
