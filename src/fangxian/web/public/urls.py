"""What everybody may read, without an account."""

from django.urls import path

from fangxian.web.public import views

urlpatterns = [
    path("public/", views.index, name="public"),
    path("public/<str:language>/", views.index, name="public_in"),
    path("public/<str:language>/map.json", views.features, name="public_map"),
    path("public/<str:language>/notice/<str:number>/", views.notice, name="public_notice"),
    path("public/<str:language>/neighbours/<str:code>/", views.neighbours, name="public_neighbours"),
    path("robots.txt", views.robots, name="robots"),
]
