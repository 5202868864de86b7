"""Sharing models: the stand-in Hub, and what is said of a model when it is published."""
