"""A plain model of the network, which says what it has to answer: the protocol's rules, written down a second time.

It knows nothing of the network's code. `machine` sends; `topics`, `files`, `transfers`, `custom_fees` and `duplicates`
each know one thing, and `conservation` counts the hbar. One part more is a module with a class derived from
`machine.Machine`, and its name among the bases of `test_model.Network`.
"""
