"""The named queries of the rights book."""

from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.books.rights")
