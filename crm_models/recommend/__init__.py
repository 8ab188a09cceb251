"""Recommendation: candidates, the sequence model, their blend, and the shop's rules."""
