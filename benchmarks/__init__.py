"""Measures matching quality, speed and memory (`make bench`); nothing here runs in the pipeline."""
