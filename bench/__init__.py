"""Measurements against what else one would use; see docs/benchmarks.md."""
