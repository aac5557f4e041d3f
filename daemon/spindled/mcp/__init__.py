"""Servers of the Model Context Protocol: started, spoken to through the `mcp` library, ended."""
