"""A new version of an agreement: who is asked about it, how they are told, and what they say."""
