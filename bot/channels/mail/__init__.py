"""Mail: the channel, and what a mail is made of (``format``, ``mime``, ``signing``)."""
