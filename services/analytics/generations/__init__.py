"""Generations, which every part of the analytics service uses."""
