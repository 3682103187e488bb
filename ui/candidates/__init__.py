"""Candidates: which mall next, and what is known of one of them."""
