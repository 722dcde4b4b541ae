"""Image records: how functions create, claim, change, read, list and remove them.

`moderate` and `survey` read answers of the detector from the table themselves, and `serve` reads records with a client
of its own. Policies are in functions/policy. The state machines of workflows/ write to the table too; what they write
is in their definitions.
"""
