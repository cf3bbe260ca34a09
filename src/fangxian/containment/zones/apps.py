from django.apps import AppConfig


class ZonesConfig(AppConfig):
    name = "fangxian.containment.zones"
    label = "zones"

    def ready(self) -> None:
        from fangxian.containment.zones import listening, subject  # noqa: F401  (what it listens to; what a zone is)
