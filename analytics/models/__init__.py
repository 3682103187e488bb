"""Models over arrays: pure, and free of files, engines and geometry."""
