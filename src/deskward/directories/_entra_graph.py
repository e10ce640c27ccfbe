"""Microsoft Graph as the directory speaks it: lists in pages, filters, errors, and who may activate a role."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from deskward.core.errors import RejectedError
from deskward.outbound.rest import Query, RefusalError, Rest

SELECT = (
    "id,userPrincipalName,displayName,givenName,mail,otherMails,mobilePhone,jobTitle,department,officeLocation,"
    "employeeHireDate,accountEnabled,lastPasswordChangeDateTime,onPremisesSyncEnabled,userType"
)
FIELDS: Query = (("$select", SELECT), ("$expand", "manager($select=id)"))
NEXT = "@odata.nextLink"
ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
UNLICENSED = "AadPremiumLicenseRequired"  # then nobody is eligible for anything


class Graph(Rest):
    """Lists of Microsoft Graph, each an object with “value” and the address of the next page."""

    def pages(self, path: str, query: Query = (), *, patient: bool = True) -> Iterator[dict[str, Any]]:
        """Read a whole list, page after page."""
        while True:
            told = self.page(path, query, patient=patient).json()
            page = told if isinstance(told, dict) else {}
            yield from self.rows_of(page.get("value"))
            if NEXT not in page:
                return
            path, query = self.linked(str(page[NEXT]))

    def all(self, path: str, query: Query = (), *, patient: bool = False) -> list[dict[str, Any]]:
        """Read a whole list at once."""
        return list(self.pages(path, query, patient=patient))

    def first(self, path: str, query: Query) -> list[dict[str, Any]]:
        """Read the first page only."""
        return self.rows_of(self.one(path, query).get("value", []))

    def eligible(self, path: str, query: Query = (), *, patient: bool = False) -> list[dict[str, Any]]:
        """Read who may activate something; nobody where the licence for that is missing."""
        try:
            return self.all(path, query, patient=patient)
        except RefusalError as refusal:
            if error_of(refusal.told).get("code") == UNLICENSED:
                return []
            raise


def checked(person_id: str) -> str:
    """Let nothing but an object id into a path."""
    if not ID.fullmatch(person_id):
        raise RejectedError(f"“{person_id[:40]}” is no object id of Microsoft Entra ID.", "Check the settings.")
    return person_id


def literal(text: str) -> str:
    """Write a text into a filter (OData 4.01, 5.1.1.14.1)."""
    return "'" + text.replace("'", "''") + "'"


def text_of(row: Mapping[str, Any], name: str) -> str:
    """Give a value as text, empty where there is none."""
    return str(row.get(name) or "").strip()


def day_of(told: Any) -> date | None:
    """Read the day of a moment, None where there is none."""
    try:
        return datetime.fromisoformat(str(told)).date()
    except ValueError:
        return None


def error_of(told: Any) -> Mapping[str, Any]:
    """Take the error out of an answer."""
    error = told.get("error") if isinstance(told, dict) else None
    return error if isinstance(error, dict) else {}


def said(told: Any) -> str:
    """Take the sentence out of an error."""
    return text_of(error_of(told), "message")[:200]
