from django.apps import AppConfig


class DutiesConfig(AppConfig):
    name = "fangxian.duties"
    label = "duties"

    def ready(self) -> None:
        from fangxian.duties import events  # noqa: F401  (registers what this stage listens to)
