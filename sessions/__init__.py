"""The record: entries, keys, verification, rosters, rules and sessions."""
