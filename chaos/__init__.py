"""The fault campaign: every fault of the table, under load, and what must hold after it."""
