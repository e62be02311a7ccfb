"""Seeing a graph of Values: the chain rule in words."""
