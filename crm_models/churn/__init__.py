"""Who may leave: of a shop's own customers, and of any table with a column that says who left."""
