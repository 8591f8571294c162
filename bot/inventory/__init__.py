"""Importers: bytes in, lines or a named error out."""
