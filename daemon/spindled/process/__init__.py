"""Operating-system children: spawned, read, and never left behind. Import from the modules: each loads only its own."""
