"""How rounds are spoken of: states with their tone and picture."""

from collections.abc import Mapping

#: State of a round: tone, picture. Its words are the stage's.
TONES: Mapping[str, tuple[str, str]] = {
    "planned": ("calm", "clock"),
    "enrolling": ("accent", "queue"),
    "under_way": ("accent", "next"),
    "ended": ("good", "check"),
    "called_off": ("waived", "waived"),
}
#: What a missing person said: tone, picture.
ANSWERED: Mapping[str, tuple[str, str]] = {
    "comes": ("good", "check"),
    "door": ("soon", "door"),
    "absent": ("late", "missed"),
    "refuses": ("late", "late"),
}
