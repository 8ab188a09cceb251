"""A history of tickets: what was asked again and again, answered well, and becomes articles once somebody agrees."""
