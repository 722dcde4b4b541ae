"""Simulates uploads under load: how each design behaves under quotas, and what it costs (tables: docs/scale.md).

The pipeline itself does not run; `python -m benchmarks.load` simulates hours on AWS in minutes.
"""
