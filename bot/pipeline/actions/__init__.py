"""Actions, what one upgrade closes: kept in step with alerts (``keeping``), weighed to be shown
(``decisions``), answered (``answering``)."""
