"""The chip's side of a Vietnamese identity card, for training and tests; never part of a real session."""
