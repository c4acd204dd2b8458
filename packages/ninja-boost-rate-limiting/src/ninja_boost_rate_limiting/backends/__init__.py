"""Where the counts are kept."""
