"""Experiments on customers: who gets which variant, what came of it, and when that is known.

Importing any part of it loads no numpy but `sequences`, `planning`, `outcomes` and `analysis`: a turn of the bot needs
none of those.
"""
