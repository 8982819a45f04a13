"""What follows from facts, money and terms: pure functions, no clock, no chance, no I/O."""
