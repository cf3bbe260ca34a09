"""Line lists (病例一览表) of any shape, read by a recipe into cases, contacts, exposures and stops.

>>> recipe = load_recipe(Path("examples/replays/mers_korea_2015.yaml"))        # doctest: +SKIP
>>> for row in read(recipe, Path("data")): ...                                 # doctest: +SKIP
"""

from fangxian.standards.linelist.dump import dump
from fangxian.standards.linelist.files import jurisdictions
from fangxian.standards.linelist.guess import Draft, Guess, guess
from fangxian.standards.linelist.loading import load_recipe, parse_recipe
from fangxian.standards.linelist.opening import Corrections
from fangxian.standards.linelist.read import read
from fangxian.standards.linelist.recipe import Jurisdiction, Recipe, RecipeError
from fangxian.standards.linelist.rows import (
    CaseRow,
    ContactRow,
    ExposureRow,
    LineListRow,
    Rejection,
    StopRow,
    TripRow,
    When,
    day_of,
    moment_of,
)

__all__ = [
    "CaseRow",
    "ContactRow",
    "Corrections",
    "Draft",
    "ExposureRow",
    "Guess",
    "Jurisdiction",
    "LineListRow",
    "Recipe",
    "RecipeError",
    "Rejection",
    "StopRow",
    "TripRow",
    "When",
    "day_of",
    "dump",
    "guess",
    "jurisdictions",
    "load_recipe",
    "moment_of",
    "parse_recipe",
    "read",
]
