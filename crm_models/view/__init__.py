"""One customer view: what several sources say of a customer, cleaned, linked to one person, with its provenance."""
