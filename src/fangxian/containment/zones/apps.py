from django.apps import AppConfig


class ZonesConfig(AppConfig):
    name = "fangxian.containment.zones"
    label = "zones"

    def ready(self) -> None:
        # What it listens to; what a zone is; what becomes of it when its cases are withdrawn.
        from fangxian.containment.zones import listening, subject, withdrawing  # noqa: F401
