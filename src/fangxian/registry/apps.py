from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "fangxian.registry"
    label = "registry"

    def ready(self) -> None:
        """Nothing listens here yet: the registry is the ground floor, it only tells."""
