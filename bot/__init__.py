"""Tocsin: what concerns each facility, told to the right people, followed until answered."""
