"""Whether what a run says of consensus's two moments is what the embedded network's ledger says of them."""
