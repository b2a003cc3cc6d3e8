"""Registering a person or an organisation: reading, consenting, proving, filling in."""
