"""ICAO Doc 9303: access, secure messaging, reading, authentication, the logical data structure."""
