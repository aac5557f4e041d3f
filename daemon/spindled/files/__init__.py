"""The host's files as clients ask for them: read, written, copied, watched. Blocking; callers choose a thread."""
