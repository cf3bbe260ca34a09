import gc

from django.apps import AppConfig

from fangxian.core import arrays

#: Objects made before the collector looks for rings among them: a page makes some thousand, and a search keeps a million that it
#: would walk through again and again.
_OBJECTS = 50_000


class CoreConfig(AppConfig):
    name = "fangxian.core"
    label = "core"

    def ready(self) -> None:
        arrays.install()
        gc.set_threshold(_OBJECTS)
