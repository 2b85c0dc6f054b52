"""Analytics: what was sold, to whom, when and how it was paid for; see README.md."""
