"""A Responses endpoint on loopback in front of any provider. It keeps nothing between requests."""
