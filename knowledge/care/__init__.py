"""Care of the articles: what is doubled, contradicts, has expired, is never used, is asked for and missing."""
