"""The session page of the station's window."""
