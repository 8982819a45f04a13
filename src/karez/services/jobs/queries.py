"""The named queries of jobs."""

from karez.kernel.sql import load_queries

QUERIES = load_queries("karez.services.jobs")
