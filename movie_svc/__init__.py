"""The catalogue of films."""
