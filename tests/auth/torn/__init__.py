"""What becomes of tokens when parts of the mesh are away, in a mesh with two auth processes."""
