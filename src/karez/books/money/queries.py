"""The named queries of the money book."""

from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.books.money")
