"""Use cases: each step takes rows in and leaves rows behind, so that a crash loses nothing."""
