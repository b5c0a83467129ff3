"""The DuckDB file that is built: its raw tables, its history and seeds, and how it is held, copied and restored."""
