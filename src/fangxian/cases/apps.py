from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "fangxian.cases"
    label = "cases"

    def ready(self) -> None:
        from fangxian.cases import subject  # noqa: F401  (tells the engine of duties what a case is)
