"""The methods of the wire: each decodes, calls the agent and encodes. A handler is a few lines."""
