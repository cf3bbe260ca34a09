from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "fangxian.command.decisions"
    label = "decisions"

    def ready(self) -> None:
        from fangxian.command.decisions import jobs  # noqa: F401  (the job that answers a question)
