"""What the conversations say, for the CRM team."""
