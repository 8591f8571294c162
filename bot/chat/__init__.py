"""Ways of talking: they turn what people write into invocations, and replies into messages."""
