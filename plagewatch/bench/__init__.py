"""Figures of speed and proofs under faults, on real services that are started for the run and thrown away after it."""
