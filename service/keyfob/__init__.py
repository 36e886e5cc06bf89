"""Keyfob: issues, checks and manages the API keys of a visitor-management platform."""

__version__ = "0.1.0"
