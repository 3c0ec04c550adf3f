"""Certificates, CRLs, EF.SOD and the trust store (ICAO Doc 9303 parts 10 to 12)."""
