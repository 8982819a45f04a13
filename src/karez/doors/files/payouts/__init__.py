"""Files of payouts for the bank, and its answers: pain.001 and pain.002 of ISO 20022."""
