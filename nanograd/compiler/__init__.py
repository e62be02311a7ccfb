"""From scalar Python to fast code: programs, their derivatives, passes over them, and backends."""
