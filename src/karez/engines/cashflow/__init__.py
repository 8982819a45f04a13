"""Terms in, money out: the events and cash flows of a contract by the rules of ACTUS."""
