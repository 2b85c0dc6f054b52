"""`python -m shopctl dead-letters`: what the consumers could not handle, and what to do with it."""
