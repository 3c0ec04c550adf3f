"""Chip and reader side of the station: transport, ISO 7816, eMRTD, the Vietnamese card."""
