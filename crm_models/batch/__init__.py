"""Scores of many customers: in chunks on one machine, or the same chunks on Apache Spark."""
