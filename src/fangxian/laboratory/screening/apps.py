from django.apps import AppConfig


class ScreeningConfig(AppConfig):
    name = "fangxian.laboratory.screening"
    label = "screening"

    def ready(self) -> None:
        # What a test owed and a shift are to the engine of duties; what screening listens to.
        from fangxian.laboratory.screening import listening, subject  # noqa: F401
