"""The machine: files, commands, processes, searches."""
