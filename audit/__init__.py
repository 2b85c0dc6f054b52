"""The invariants of the shop, checked from outside: `python -m audit`.

Reads what each service, the broker, the payment provider and the mail sink say, trusts none of
them, and names every contradiction.
"""
