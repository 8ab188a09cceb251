"""Ways by which messages reach the bot."""
