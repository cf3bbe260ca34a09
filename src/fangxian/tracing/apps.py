from django.apps import AppConfig


class TracingConfig(AppConfig):
    name = "fangxian.tracing"
    label = "tracing"

    def ready(self) -> None:
        from fangxian.tracing import listening, subject  # noqa: F401  (what it listens to; what a contact is)
