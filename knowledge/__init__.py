"""Help articles: read, cut into passages, indexed, searched and composed into cited answers."""
