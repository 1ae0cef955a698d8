"""Ids, status codes, keys and hashes, as they are on the wire of the Hedera network."""
