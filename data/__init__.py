"""Files, DuckDB, H3 and the demo: everything below the definitions."""
