"""The named queries of access."""

from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.services.access")
