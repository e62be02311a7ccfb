"""Programs: what they are, how they are written and read, and what they do to numbers."""
