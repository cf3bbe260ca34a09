from django.apps import AppConfig

from fangxian.core import arrays


class CoreConfig(AppConfig):
    name = "fangxian.core"
    label = "core"

    def ready(self) -> None:
        arrays.install()
