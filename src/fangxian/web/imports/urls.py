"""Imports: drop a list, say what its columns are, put right what is wrong, watch it being taken in, take it back."""

from django.urls import path

from fangxian.web.imports import columns, dropping, looking, running

urlpatterns = [
    path("", dropping.index, name="imports"),
    path("<str:code>/", running.page, name="import"),
    path("<str:code>/columns/", columns.page, name="import_columns"),
    path("<str:code>/recipe.yaml", columns.recipe, name="import_recipe"),
    path("<str:code>/recipe/", columns.replace, name="import_replace"),
    path("<str:code>/look/", looking.page, name="import_look"),
    path("<str:code>/faults.csv", looking.faults, name="import_faults"),
    path("<str:code>/start/", looking.start, name="import_start"),
    path("<str:code>/stop/", running.stop, name="import_stop"),
    path("<str:code>/resume/", running.resume, name="import_resume"),
    path("<str:code>/left-out.csv", running.left_out, name="import_left_out"),
    path("<str:code>/undo/", running.undo, name="import_undo"),
    path("<str:code>/forget/", running.forget, name="import_forget"),
]
