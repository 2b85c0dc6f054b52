"""Payment: takes an order's money once, and gives it back if the order is off; see README.md."""
