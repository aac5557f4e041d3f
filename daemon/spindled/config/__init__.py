"""Configuration: home directory, config.toml layers, providers, models, command rules, project documents."""
