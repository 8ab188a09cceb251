"""`rapport bench`: every figure the README quotes, measured beside its peers in the same run."""
