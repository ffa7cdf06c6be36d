"""The benchmarks of `make bench`: ratios of two measurements in one run on one machine."""
