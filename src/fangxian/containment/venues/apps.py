from django.apps import AppConfig


class VenuesConfig(AppConfig):
    name = "fangxian.containment.venues"
    label = "venues"
