"""Fangxian 防线: an outbreak-control platform in which nobody is missed."""

__version__ = "0.1.0"
