"""The information gap between what customers look at and what they buy, as a model."""
