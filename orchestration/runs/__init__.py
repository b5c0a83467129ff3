"""One run: its lock, its progress, what came of it, and how that is reported."""
