from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "fangxian.registry"
    label = "registry"

    def ready(self) -> None:
        from fangxian.core import accounts
        from fangxian.registry import searching  # noqa: F401  (a kind of job)
        from fangxian.registry.queries import names, organisation_ids

        accounts.there_is("organisation", lambda pk: bool(organisation_ids([pk])))
        accounts.there_is("person", lambda pk: bool(names([pk])))
