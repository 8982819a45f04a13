"""The named queries of closing."""

from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.services.closing")
