"""Slack: the channel, the limits that a message is checked against, and private channels."""
