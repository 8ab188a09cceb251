"""Versions of the customer models on disk: which there are, which one is served, and how to go back."""
