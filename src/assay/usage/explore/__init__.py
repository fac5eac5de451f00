"""What a map's readers ask: counts, changes and rates by group, of nothing too small to tell."""
