"""Bytes and git: atomic replacement, appending, every git command, and trees; never meaning."""
