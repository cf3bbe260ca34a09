from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "fangxian.cases"
    label = "cases"

    def ready(self) -> None:
        # They tell the engine of duties what a case is, and the registry what stands against merging two people.
        from fangxian.cases import merging, subject  # noqa: F401
