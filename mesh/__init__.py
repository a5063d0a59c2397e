"""Makes a process a member of the mesh. Knows no cinema."""
