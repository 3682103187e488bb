"""What the numbers mean, and the one door through which they are asked for."""
