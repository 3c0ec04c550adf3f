"""Ways to a card: PC/SC, recordings and their strict replay, behind one `Connection`."""
