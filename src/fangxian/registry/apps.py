from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "fangxian.registry"
    label = "registry"

    def ready(self) -> None:
        from fangxian.registry import searching  # noqa: F401  (a kind of job)
