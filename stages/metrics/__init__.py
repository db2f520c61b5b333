"""Metrics, their intervals, and tests of paired differences."""
