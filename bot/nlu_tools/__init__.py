"""Keeping the examples of the intents in order: what is wrong with them, and which logged messages to add."""
