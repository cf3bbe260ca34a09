from django.apps import AppConfig


class RoundsConfig(AppConfig):
    name = "fangxian.laboratory.rounds"
    label = "rounds"

    def ready(self) -> None:
        # What it listens to; what a round and a grid of it are to the engine of duties; the roll of a million people as a job.
        from fangxian.laboratory.rounds import jobs, listening, subject  # noqa: F401
