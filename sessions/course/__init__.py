"""The course of a session: who stands where at which component, who owes what, and what the day brings."""
