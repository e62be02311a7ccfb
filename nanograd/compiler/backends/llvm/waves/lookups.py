"""Waves of look-ups: entries of tables at indices that are known at run time."""

from __future__ import annotations
