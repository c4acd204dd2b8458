"""Writes the pages of the site that the packages themselves hold."""
