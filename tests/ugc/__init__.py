"""Reviews, subscriptions and follows, through the public port."""
