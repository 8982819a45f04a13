"""The formats of transparency logs (C2SP, RFC 6962, RFC 9942): pure, and of no one fact."""
