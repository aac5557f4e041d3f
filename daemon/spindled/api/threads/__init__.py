"""How threads begin, are loaded, change and go."""
