"""What a map's readers ask: counts by kind, changes, rates by group; with nothing small given away."""
