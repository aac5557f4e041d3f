"""Configuration, accounts, providers, models, permissions, skills and hooks."""
