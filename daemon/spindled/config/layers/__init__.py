"""From the layers of settings to the effective configuration."""
