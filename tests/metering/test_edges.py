"""Streams made to break the ledger, each with what it must come to and why."""
