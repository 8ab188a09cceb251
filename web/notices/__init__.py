"""Messages to customers that nobody asked for just now: sent, and stopped by a link."""
