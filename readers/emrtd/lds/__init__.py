"""The logical data structure of ICAO Doc 9303 part 10: one module for each file."""
