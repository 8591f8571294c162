"""The same commands and queries over HTTP."""
