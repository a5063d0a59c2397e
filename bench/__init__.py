"""Measures the running mesh, each figure against its ceiling in the same run."""
