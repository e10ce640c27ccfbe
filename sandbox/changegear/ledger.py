"""What one write does to a draft of a ticket: fields, history, workflow, version, and the mails it sends."""

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.changegear.records import Change, HistoryRecord, Mail, Person, Ticket
from sandbox.changegear.workflow import Transition, transition

if TYPE_CHECKING:
    from sandbox.changegear.site import Site


def apply_change(site: "Site", draft: Ticket, change: Change, actor: Person) -> list[Mail]:
    """Carry out a change on a draft and give the mails that follow; Refused for an illegal action."""
    _set_fields(site, draft, change)
    _add_records(site, draft, change, actor)
    _add_attachments(draft, change)
    mails: list[Mail] = []
    for action in _actions(site, change):
        mails += _run(site, draft, replace(change, action=action), actor, len(site.outbox) + len(mails))
    now = site.stamp()
    draft.fields.update(LastModifiedBy=actor.id, LastModifiedDateTime=now, LastAccessedBy=actor.id)
    draft.fields["eTag"] += 1
    return mails


def _set_fields(site: "Site", draft: Ticket, change: Change) -> None:
    draft.fields.update(change.fields)
    requester = change.fields.get("Requester")
    if requester is not None:
        draft.fields["EmailPIT"] = site.people[requester].email


def _actions(site: "Site", change: Change) -> list[str]:
    by_field = [site.field_actions[name] for name in change.fields if name in site.field_actions]
    return [*by_field, change.action] if change.action else by_field


def _add_records(site: "Site", draft: Ticket, change: Change, actor: Person) -> None:
    if change.records is None:
        return
    if site.profile.history_records == "replaces":
        draft.history = [record for record in draft.history if record.id in change.kept_records]
    for action, comment in change.records:
        _record(site, draft, action, comment, actor)


def _record(site: "Site", draft: Ticket, action: str, comment: str, actor: Person) -> None:
    draft.serial += 1
    record = HistoryRecord(draft.id * 10_000 + draft.serial, action, comment, actor.id, actor.name, site.stamp())
    draft.history.append(record)


def _add_attachments(draft: Ticket, change: Change) -> None:
    for file in change.attachments:
        draft.attachments.append(replace(file, id=len(draft.attachments) + 1))


def _run(site: "Site", draft: Ticket, change: Change, actor: Person, sent: int) -> list[Mail]:
    found = transition(draft.status, change.action)
    draft.fields["Status"] = found.target
    if found.assign and draft.fields["AssignedTo"] is None:
        draft.fields["AssignedTo"] = draft.fields["ItemOwner"] = actor.id
    if found.unassign:
        draft.fields["AssignedTo"] = draft.fields["ItemOwner"] = None
    draft.fields.update(dict.fromkeys(found.stamps, site.stamp()))
    comment = f"{change.close_type}: {change.comment}" if change.close_type else change.comment
    _record(site, draft, change.action, comment, actor)
    return _mails(site, draft, replace(change, comment=comment), found, sent)


def _mails(site: "Site", draft: Ticket, change: Change, found: Transition, sent: int) -> list[Mail]:
    receivers = []
    if found.mail_requester and draft.fields["Requester"] in site.people:
        receivers.append(("requester", draft.fields["Requester"]))
    if found.mail_assignee and draft.fields["AssignedTo"] in site.people:
        receivers.append(("assignee", draft.fields["AssignedTo"]))
    subject = f"{draft.number}: {change.action} - {draft.fields['Summary']}"
    return [
        Mail(
            id=sent + position,
            at=site.stamp(),
            to=site.people[person].email,
            role=role,
            ticket_id=draft.id,
            action=change.action,
            subject=subject,
            body=change.comment,
        )
        for position, (role, person) in enumerate(receivers, start=1)
    ]
