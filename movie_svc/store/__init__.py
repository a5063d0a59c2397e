"""All SQL of the service. Statements are built once."""
