"""Admit: starts the executions of uploads, as many at a time as its queue's mapping allows."""
