"""How fast is the money book, beside what the database could do and what its peers do?

``python -m benchmarks`` starts an embedded server of its own, measures, prints, and leaves nothing
running. The clock of one machine at one hour proves little, so whatever is compared takes turns
in random order in one run, and is compared turn by turn. docs/reference/benchmarks.md explains.
"""
