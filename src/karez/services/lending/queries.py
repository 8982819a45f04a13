"""The named queries of lending."""

from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.services.lending")
