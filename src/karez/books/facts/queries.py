"""The named queries of the facts book."""

from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.books.facts")
