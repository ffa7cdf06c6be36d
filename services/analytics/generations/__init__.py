"""SQL that every part of the analytics service uses."""
