"""The rules: pure functions and frozen data. No database, no network, no clock of its own."""
