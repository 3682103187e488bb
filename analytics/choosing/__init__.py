"""Choosing the next pilot malls: sites and whom they reach, criteria and scores, forecasts, portfolios."""
