"""From a function to a program: it runs once, on scalars that have no numbers yet."""
