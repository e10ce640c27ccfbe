"""The API's writes: create, update with the eTag in the body, and the soft delete."""

from starlette.responses import Response

from sandbox.changegear.answers import created, failure, hang, written
from sandbox.changegear.bodies import read_change
from sandbox.changegear.call import Call
from sandbox.changegear.wire import entity


async def create(call: Call) -> Response:
    """Open a ticket as the API account."""
    if call.type != "IncidentRequest":
        return failure(call.site.profile, 404, "The entity type was not found.")
    change = read_change(call.site, await call.body())
    ticket = call.site.create(change, call.site.account)
    return await _committed(call, created(call.site.profile, entity(call.site, ticket)))


async def update(call: Call) -> Response:
    """Change a ticket whose eTag the body names."""
    site, body = call.site, await call.body()
    with site.lock:
        ticket = site.ticket(int(call.parts["id"])) if call.type == "IncidentRequest" else None
        if ticket is None:
            return failure(site.profile, 404, "The requested row was not found.")
        if body.get("eTag") != ticket.etag:
            message = "The row was changed by another person since it was read (eTag)."
            return failure(site.profile, site.profile.etag_conflict, message)
        ticket = site.change(ticket.id, read_change(site, body), site.account)
    return await _committed(call, written(site.profile, entity(site, ticket)))


async def delete(call: Call) -> Response:
    """Flag a ticket as deleted."""
    site, ticket_id = call.site, int(call.parts["id"])
    if call.type != "IncidentRequest" or site.ticket(ticket_id) is None:
        return failure(site.profile, 404, "The requested row was not found.")
    site.delete(ticket_id, site.account)
    return await _committed(call, Response(status_code=200))


async def _committed(call: Call, answer: Response) -> Response:
    site = call.site
    if site.profile.timing == "timeout_after_commit":
        await hang(call.request, site.hang_seconds)
    if site.random.random() < site.profile.fault_500_after_commit:
        return failure(site.profile, 500, "An error has occurred.")
    return answer
