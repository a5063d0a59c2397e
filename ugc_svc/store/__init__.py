"""All SQL of the service, one file per noun. Statements are built once, when a module is imported."""
