"""What the relay has under way."""

from __future__ import annotations

from localnet.relay.pool import Pool

SENDER = b"\x01" * 20


def test_what_the_mirror_shows_is_under_way_no_more() -> None:
    """Nonces below the confirmed one are forgotten; those of others do not count."""
    pool = Pool()
    for nonce in (3, 4, 5):
        pool.add(SENDER, nonce)
    assert (pool.pending(SENDER, 3), pool.pending(b"\x02" * 20, 0)) == (3, 0)
    assert pool.pending(SENDER, 5) == 1
    pool.remove(SENDER, 5)
    pool.remove(b"\x02" * 20, 1)
    assert pool.pending(SENDER, 5) == 0
