"""spindled: an agent daemon that speaks the codex app-server protocol."""
