"""Lifetime value: how often a customer will still order, and for how much."""
