"""Satisfaction with a conversation, from its turns: a score of 1 to 5 that is a sum of parts, one a signal."""
