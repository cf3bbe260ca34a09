from django.apps import AppConfig


class SurveillanceConfig(AppConfig):
    name = "fangxian.surveillance"
    label = "surveillance"

    def ready(self) -> None:
        # What a report and an alert are; what is judged, and when.
        from fangxian.surveillance import jobs, subject  # noqa: F401
