"""The numbers of outbreak control as a pure library: no Django, no database, `pip install fangxian` and call it from a notebook."""

from pathlib import Path

from fangxian.analytics import compiling

compiling.settle(Path(__file__).parent)
