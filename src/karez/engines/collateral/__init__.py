"""What secures a loan is worth so much: borrowing bases and loan-to-value, one or a million."""
