"""Everybody at once: owners, strangers, the clock and crashes, and what must hold after each step."""
