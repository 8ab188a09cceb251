"""Answers put into other words by a language model, every sentence checked against the articles; off by default."""
