"""All SQL of the service, a file per noun. Statements are built once, when a module is imported."""
