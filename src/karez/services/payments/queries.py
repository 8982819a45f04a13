"""The named queries of payments."""

from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.services.payments")
