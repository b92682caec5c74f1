"""Analysis: asked for, read by Claude group by group, proven, published once."""
