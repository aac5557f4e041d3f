"""The tools of MCP servers, as the model has them."""
