"""Makes the map backgrounds of ``data/reference``; see its README for the sources."""
