"""The next best action: what the bot may add to an answer, chosen by expected value within the shop's rules."""
