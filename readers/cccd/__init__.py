"""The Vietnamese identity card: its number, QR payload, expiry rule and cross-checks."""
