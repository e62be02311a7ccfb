"""Passes: each takes a program to one that does the same, bit by bit, in fewer steps."""
