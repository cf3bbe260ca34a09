from django.apps import AppConfig


class CommandConfig(AppConfig):
    name = "fangxian.command"
    label = "command"
