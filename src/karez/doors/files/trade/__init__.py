"""Trade documents in files, read as facts."""
