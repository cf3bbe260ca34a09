from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "fangxian.cases"
    label = "cases"

    def ready(self) -> None:
        # They tell the engine of duties what a case is, the registry what stands against merging two people; what they listen to.
        from fangxian.cases import listening, merging, subject  # noqa: F401
