"""Tells the customer: one mail for each thing that happened to an order."""
