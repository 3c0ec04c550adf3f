"""The station's paper: a record as a page model, pages as PDF, seals and signatures that others can check."""
