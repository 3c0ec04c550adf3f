"""The sheets page of the station's window."""
