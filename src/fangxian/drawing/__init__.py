"""Figures drawn as SVG, for page, file and paper alike. Pure: numbers and words in, text out, the same bytes for the same input."""

from fangxian.drawing.axes import said_day
from fangxian.drawing.layers import Band, Bars, Layer, Line, Marks, Rule, Whiskers, Words, draw

__all__ = ["Band", "Bars", "Layer", "Line", "Marks", "Rule", "Whiskers", "Words", "draw", "said_day"]
