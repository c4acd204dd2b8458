"""The tables of the suite, as a Django application."""
