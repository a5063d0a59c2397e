"""Makes a process a member of the mesh. Knows no cinema."""

VERSION = "0.1.0"
"""What runs: in every line of the log, and the version of the distribution."""
