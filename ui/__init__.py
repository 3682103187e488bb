"""How it looks: figures, maps and the frame around the pages."""
