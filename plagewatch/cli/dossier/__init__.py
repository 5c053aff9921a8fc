"""The validation dossier: the live rules over sets with labels, beside peers, as one report."""
