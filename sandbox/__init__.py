"""The world outside the shop, for demos, tests and fault campaigns: it shares no code with it."""
