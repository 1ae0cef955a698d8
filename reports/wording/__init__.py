"""Wording: findings as sentences. Judge puts them into the report, render beside it; nothing is judged here."""
