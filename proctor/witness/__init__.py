"""A witness, and the station's talk with it: the only part of the program that opens the network."""
