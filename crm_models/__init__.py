"""Customers, orders and the models about them. Knows neither Rasa nor the web."""
