"""Incidents: what happened, in under a minute of typing."""
