"""Bulletins in: where they come from, what they say, which products they name.

Nothing here knows a database, a chat or the ``bot`` package; what is needed
(limits, catalogue) is passed in as values.
"""
