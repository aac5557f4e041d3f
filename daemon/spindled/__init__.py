"""spindled: an agent daemon that speaks the codex app-server protocol."""

__version__ = "0.1.0"
