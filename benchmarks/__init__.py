"""Timed measurements; never part of the tests."""
