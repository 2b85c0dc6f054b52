"""Bugs on purpose, one function each, for the proof that the audit can fail."""
