"""Settings, and what a county edits: content, menu, local values."""
