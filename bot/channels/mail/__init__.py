"""Mail: the channel, what it says to a relay (``dialogue``), and what a mail is made of
(``format``, ``mime``, ``signing``)."""
