from django.apps import AppConfig


class IsolationConfig(AppConfig):
    name = "fangxian.containment.isolation"
    label = "isolation"

    def ready(self) -> None:
        # What it listens to; what a traveller in isolation, and an objection, are to the engine of duties.
        from fangxian.containment.isolation import disputes, listening, subject  # noqa: F401
