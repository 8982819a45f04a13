"""Files that Karez reads and writes."""
