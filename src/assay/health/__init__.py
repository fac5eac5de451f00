"""Whether evals still tell models apart: what to keep, refresh, split or retire."""
