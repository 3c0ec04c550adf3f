"""The roster: everybody of the session at its component."""
