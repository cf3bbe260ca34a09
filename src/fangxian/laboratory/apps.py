from django.apps import AppConfig


class LaboratoryConfig(AppConfig):
    name = "fangxian.laboratory"
    label = "laboratory"

    def ready(self) -> None:
        # What a tube, a box and a member of a pool are to the engine of duties; what the laboratory listens to.
        from fangxian.laboratory import listening, subject  # noqa: F401
