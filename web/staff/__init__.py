"""The service desk: log-in, queue, conversations."""
