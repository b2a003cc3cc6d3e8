"""Rasa actions, one file a topic, and the route the engine calls them by."""
