"""The SQL of ingests."""
