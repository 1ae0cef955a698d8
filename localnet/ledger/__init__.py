"""What becomes of settled transactions: the list that tells the truth, the state file, and the way on to the mirror."""
