"""Sheets on their way to a printer: the system's printers, the station's own queue, and what became of each sheet."""

from proctor.printing.outcomes import Outcome, outcome_of

__all__ = ["Outcome", "outcome_of"]
