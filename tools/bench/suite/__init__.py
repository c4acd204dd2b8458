"""The suite that compares whole requests; ``python tools/bench`` runs it."""
