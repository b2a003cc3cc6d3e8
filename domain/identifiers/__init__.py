"""Identifiers: canonical forms, validators, recognisers and masking, all pure functions."""
