"""The Rasa bot: dialogue data, graph components, stores, channels and the command line."""
