"""Deciding (辅助决策): questions asked from the situation, answered by simulation, signed, and compared with what then happened."""
