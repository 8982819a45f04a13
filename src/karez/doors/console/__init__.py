"""The console: pages made on the server for the people of a lender."""
