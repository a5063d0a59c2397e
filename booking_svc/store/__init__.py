"""All SQL of the service, a file per noun. Hot statements are built once, when the module is imported."""
