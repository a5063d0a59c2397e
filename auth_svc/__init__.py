"""Who people are: accounts, sign-in, groups, and the keys that tokens are signed with."""
