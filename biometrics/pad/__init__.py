"""Presentation attack detection: challenges and passive cues. Terms: ISO/IEC 30107-3.

Advice to an attended desk: what fails or stays open goes to a person, and what passes is no proof.
"""
