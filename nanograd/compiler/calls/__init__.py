"""Calls of compiled functions: what goes in, what is run, what comes out."""
