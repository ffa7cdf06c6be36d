"""What an account has beside droplets and what hangs on them: a few objects of each kind."""
