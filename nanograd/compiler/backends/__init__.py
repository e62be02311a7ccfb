"""What runs a program: each backend is one file that turns a Program into a function."""
