"""Backends: what runs programs."""
