"""The chat gateway: messages in, replies out, once each and in order."""
