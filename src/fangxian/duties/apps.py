from django.apps import AppConfig


class DutiesConfig(AppConfig):
    name = "fangxian.duties"
    label = "duties"

    def ready(self) -> None:
        from fangxian.duties import listening  # noqa: F401  (what this stage listens to)
