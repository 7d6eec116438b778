"""Secrets: which names hold them, what was told to be one, how they are kept out of texts, and files of one's own."""
