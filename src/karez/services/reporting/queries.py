"""The named queries of reporting."""

from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.services.reporting")
