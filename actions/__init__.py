"""What the bot does: adapters between the conversation and the shop. A flat package, one topic a file."""
