"""The named queries of monitoring."""

from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.services.monitoring")
