"""The addresses: the pages at the root, the API under /api/v1."""

from django.urls import include, path

from fangxian.api import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("", include("fangxian.web.urls")),
]

handler400 = "fangxian.web.errors.bad_request"
handler403 = "fangxian.web.errors.forbidden"
handler404 = "fangxian.web.errors.not_found"
handler500 = "fangxian.web.errors.fault"
