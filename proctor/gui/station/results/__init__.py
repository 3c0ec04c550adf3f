"""Results by keyboard, one candidate after another."""
