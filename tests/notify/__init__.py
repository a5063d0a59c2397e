"""Notices and short links."""
