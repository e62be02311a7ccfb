"""Machine code of schedules: each part of a wave is a function, a loop over its runs."""
