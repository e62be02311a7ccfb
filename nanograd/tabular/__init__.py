"""Learning from a table: a CSV file in, a classifier or a regressor out, as a file of its own."""
