"""Machine code that goes through the tape of a long program, whose instructions are data."""
