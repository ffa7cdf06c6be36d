"""What `make bench` measures: ratios of two things done in one run on one machine."""
