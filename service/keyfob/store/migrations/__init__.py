"""Numbered steps from an empty store to the tables of today; a published step never changes."""
