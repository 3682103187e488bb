"""The demo markets: a documented model of three markets, labelled synthetic wherever it is shown."""
