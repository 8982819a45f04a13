"""The witness protocol over HTTP: answered for other logs, and asked of other witnesses."""
