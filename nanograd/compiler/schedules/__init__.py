"""Schedules: a program of scalars as waves, each of which does the same to many numbers at once."""
