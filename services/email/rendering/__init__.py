"""From an event to a mail's bytes."""
