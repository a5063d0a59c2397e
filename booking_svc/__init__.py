"""Evenings and the places at them."""
