"""Measures a mesh of its own, each figure beside its ceiling in the same run. docs/bench.md says how to read it."""
