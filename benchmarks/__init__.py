"""Measures the running product: how long a turn takes, what it costs, and what a start costs (docs/performance.md)."""
