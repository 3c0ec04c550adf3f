"""Rosters: who is expected, as read from a file."""
