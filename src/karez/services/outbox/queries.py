"""The named queries of the outbox."""

from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.services.outbox")
