"""Tocsin: what concerns each facility, told to the right people, followed until answered."""

__version__ = "0.1.0"
