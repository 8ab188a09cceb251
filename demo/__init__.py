"""The demo shop "Hearth & Volt": an invented catalogue and a seeded generator of invented customers."""
