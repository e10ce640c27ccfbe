"""The one page of Django's admin that is measured: the table of verifications, as its documentation shows it."""

from typing import ClassVar

from django.contrib import admin
from django.db import models
from django.urls import path

from bench.django_admin import COLUMNS


class Verification(models.Model):
    """The columns that the console's table shows."""

    id = models.TextField(primary_key=True)
    ticket_number = models.TextField()
    requester_name = models.TextField()
    requester_email = models.TextField()
    agent_name = models.TextField()
    category = models.TextField()
    status = models.TextField()
    risk_level = models.TextField()
    risk_score = models.FloatField()
    opened_at = models.DateTimeField()

    class Meta:
        """A table of Deskward's, which Django only reads."""

        app_label = "bench"
        managed = False
        db_table = "verifications"

    def __str__(self) -> str:
        """Give its id."""
        return str(self.id)


class Table(admin.ModelAdmin):  # type: ignore[misc]
    """The same columns, filters and search as the console's table."""

    list_display: ClassVar = COLUMNS
    list_filter: ClassVar = ("status", "risk_level", "category")
    search_fields: ClassVar = ("ticket_number", "requester_name", "requester_email", "agent_name")
    date_hierarchy = "opened_at"
    ordering: ClassVar = ("-opened_at",)
    list_per_page = 50


admin.site.register(Verification, Table)
urlpatterns = [path("admin/", admin.site.urls)]
