"""Texts in, vectors out: embedders behind one seam, and a cache by content."""
