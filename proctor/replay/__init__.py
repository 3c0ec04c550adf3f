"""The load of the pilot, run again without hardware, and every printed count held against the log."""
