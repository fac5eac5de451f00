"""Pages on usage: the explorer of a map, and what policy readers need of it."""
