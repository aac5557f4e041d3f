"""What clients do with MCP servers themselves."""
