"""The window of the check-in desk."""
