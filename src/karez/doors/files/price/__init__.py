"""What pricing reads from files: terms of a plan, firms, curves of customers lost, policies."""
