"""The promises of the mesh, kept by test; a mesh of its own runs for them, see conftest.py."""
