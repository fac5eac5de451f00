"""The page of a comparison: what differs, what got worse, and the samples that flipped."""
