"""Accounts, sign-in, groups and keys, through the public port."""
