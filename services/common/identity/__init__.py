"""Who calls a service, how that is proved, and what they may do."""
