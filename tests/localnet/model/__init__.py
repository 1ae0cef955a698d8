"""A plain model of the network, which says what it has to answer: the protocol's rules, written down a second time.

It knows nothing of the network's code. `machine` sends, `topics`, `files` and `transfers` each know one service; a
module more is one class derived from `machine.Machine`, and one line in `test_model.py`.
"""
