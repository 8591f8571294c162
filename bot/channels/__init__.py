"""Ways out: one rendered message to one address. No retry, no query, no rendering."""
