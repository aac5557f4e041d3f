"""From rows to what a thread was, and from items to rows."""
