"""Telling people what concerns them, and short links."""
