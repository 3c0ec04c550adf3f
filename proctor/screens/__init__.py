"""What the pages of work show and offer, without a window: rows, filters, words, who may."""
