"""The catalogue, through the public port, and how it is filled."""
