"""Image records: every access that functions make to the table.

The state machines of workflows/ write to the table too; what they write is in their definitions.
"""
