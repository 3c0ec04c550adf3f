"""The administration page of the station's window."""
