"""Messages that the shop sends unasked: what is due, whether it may be said, by which channel, how it is stopped."""
