"""Races clients against a mesh that is being torn apart; judges from what they were told whether it kept its word."""
