"""Groups of customers, and where each one is in the life with the shop."""
