"""The reconciliation: our books against the provider's ledger, as a periodic comparison.

    GET /ledger ─▶ page ─▶ sheet: agrees │ in question │ not shown ─▶ open items
                                                                          │ looked at again
                             agrees: gone ◀── open: later ◀───────────────┴──▶ mismatch: reported

It reports, and moves no money.
"""
