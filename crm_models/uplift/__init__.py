"""Uplift: which customers an offer changes, learned from campaigns with a control group."""
