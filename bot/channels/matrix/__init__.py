"""Matrix: a device that stays connected (``session``), the channel that sends through it, the
private rooms it opens, and the identity that vouches for it (``signing``, ``recovery``)."""
