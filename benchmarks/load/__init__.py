"""Uploads under load, simulated: what quotas do to a design, and what it costs. docs/scale.md has the tables.

Nothing of the pipeline runs here: `python -m benchmarks.load` takes minutes for what takes AWS hours.
"""
