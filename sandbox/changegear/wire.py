"""Tickets, people and categories in the form that the REST API shows, with all its quirks."""

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from sandbox.changegear.records import Category, HistoryRecord, Person, Ticket
from sandbox.changegear.workflow import END_STATES, PRIVILEGES, allowed_from

if TYPE_CHECKING:
    from sandbox.changegear.site import Site

HISTORY = "IncidentRequestHistoryRecords"
ATTACHMENTS = "IncidentRequestAttachmentRecords"
RELATIONS = (
    HISTORY,
    ATTACHMENTS,
    "IncidentRequestTasks",
    "IncidentRequestEntityDependencyLinks",
    "IncidentRequestEntityReliesUponLinks",
)
ALWAYS = ("ID", "ItemID", "ItemIDPIT", "eTag")
HUGE = 18446744073709552000

PRIORITIES = {1: "1 - Critical", 2: "2 - High", 3: "3 - Medium", 4: "4 - Low"}

WRITABLE: dict[str, tuple[type, ...]] = {
    "Summary": (str,),
    "Requester": (int,),
    "ItemOwner": (int, type(None)),
    "AssignedTo": (int, type(None)),
    "Priority": (int,),
    "Urgency": (int,),
    "Impact": (int,),
    "IncidentRequestType": (int, type(None)),
    "DueDate": (str,),
    "SLAStage": (str,),
    "ExternalItemID": (str,),
}

_EMPTY_DATES = ("SubmitDate", "DueDate", "ClosedDateTime", "CompletedDate", "ActualCompleteDate")
_FIXED: dict[str, Any] = {
    "BusinessHoursToApply": "",
    "InstanceOperations": HUGE,
    "ActualDuration": "00:00:00",
    "BusinessTimeToResolve": "00:00:00",
    "LastApprovalSequence": 0,
    "ModifiedApprovalPhases": None,
    "EffectiveRoleID": 2,
    "CorrespondenceInfo": "",
    "SearchCriteria_Column_Temp": None,
    "ActiveTabOnForm": "",
    "Cost": 0,
    "LaborCost": 0,
    "Level": None,
    "SLAHiddenStage": "",
    "SLAStage": "",
    "Category": None,
    "ApprovalPhaseName": "",
    "Department": None,
    "ImpactedResourcesPIT": "",
    "Approved": False,
    "ExternalItemID": "",
    "ItemOwner": None,
    "AssignedTo": None,
    "IncidentRequestType": None,
    "Priority": 3,
    "Urgency": 3,
    "Impact": 3,
}

LATER_FIELDS = {
    "Summary": "",
    "Status": "Unsubmitted",
    "Requester": None,
    "EmailPIT": "",
    "CreatedDateTime": "",
    "LastModifiedBy": None,
    "LastModifiedDateTime": "",
    "LastAccessedBy": None,
}


def stamp(moment: datetime, offset: timedelta) -> str:
    """Write a moment with the server's offset and a fraction of variable length."""
    local = moment.astimezone(timezone(offset))
    text = local.isoformat(timespec="milliseconds")
    seconds, zone = text[:-6], text[-6:]
    return seconds.rstrip("0").rstrip(".") + zone if "." in seconds else text


def empty_date(offset: timedelta) -> str:
    """Write the year 1, which is how the server says that a date is empty."""
    sign = "-" if offset < timedelta(0) else "+"
    minutes = int(abs(offset).total_seconds()) // 60
    return f"0001-01-01T00:00:00{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def blank_fields(ticket_id: int, offset: timedelta) -> dict[str, Any]:
    """Give the stored fields of a ticket before anything was said about it."""
    number = f"IR-{ticket_id:07d}"
    dates = dict.fromkeys(_EMPTY_DATES, empty_date(offset))
    return {**_FIXED, **dates, "ID": ticket_id, "ItemID": number, "ItemIDPIT": number, "eTag": 0}


def description(ticket: Ticket) -> str:
    """Rebuild the description from its history records, the newest first."""
    comments = [record.comment for record in ticket.history if record.action == "Description"]
    return "\n".join(reversed(comments))


def entity(site: "Site", ticket: Ticket) -> dict[str, Any]:
    """Show a ticket whole, as GET by id and the webhook do."""
    by_state = site.profile.allowed_actions == "by_state"
    readable = site.profile.history_relation == "readable"
    address = f"api/entity/iincidentrequest/{ticket.id}/"
    links = {f"{name}_link": address + name for name in RELATIONS if readable or name != HISTORY}
    return {
        **ticket.fields,
        "Description": description(ticket),
        "EndState": ticket.status in END_STATES,
        "AllowedActions": allowed_from(ticket.status) if by_state else PRIVILEGES,
        "AttachmentCount": len(ticket.attachments),
        **links,
    }


def history_entity(record: HistoryRecord) -> dict[str, Any]:
    """Show one history record as the relation does."""
    return {
        "ID": record.id,
        "Action": record.action,
        "Comment": record.comment,
        "CreatorName": record.creator_name,
        "CreatedDateTime": record.created,
    }


def person_entity(person: Person) -> dict[str, Any]:
    """Show one person."""
    return {"ID": person.id, "Name": person.name, "Email": person.email, "eTag": 1}


def category_entity(category: Category) -> dict[str, Any]:
    """Show one incident type."""
    return {"ID": category.id, "Name": category.name, "eTag": 1}


def found_entity(ticket: Ticket) -> dict[str, Any]:
    """Show a ticket as the search does: other spellings, priority as text."""
    fields = ticket.fields
    return {
        "Oid": ticket.id,
        "IsDeleted": False,
        "Status": ticket.status,
        "ItemId": ticket.number,
        "Summary": fields["Summary"],
        "Priority": PRIORITIES.get(fields["Priority"], str(fields["Priority"])),
        "DueDate": fields["DueDate"],
    }


def chosen(row: dict[str, Any], columns: list[str], *, strict: bool) -> dict[str, Any]:
    """Cut a row down to the columns asked for; without columns the whole row comes."""
    if not columns:
        return row
    wanted = set(columns) if strict else {*ALWAYS, *columns}
    return {name: value for name, value in row.items() if name in wanted}
