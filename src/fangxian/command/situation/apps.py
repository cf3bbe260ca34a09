from django.apps import AppConfig


class SituationConfig(AppConfig):
    name = "fangxian.command.situation"
    label = "situation"
