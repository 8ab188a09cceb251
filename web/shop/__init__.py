"""The pages of a shop around the chat: products, help articles, the demo's sign-in and mailbox."""
