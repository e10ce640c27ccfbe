import httpx2
import pytest

from sandbox.changegear import PASSWORD_RESET, Change, Profile, Site, Subscription
from tests.sandbox.changegear.conftest import ACCOUNT, AGENT, RITA, Receiver, basic, until


@pytest.fixture(autouse=True)
def _subscribed(site: Site, root: str, receiver: Receiver) -> None:
    site.subscriptions.append(Subscription(receiver.url, "hook", "pass:word"))


def opened(site: Site) -> int:
    return site.open_ticket("x", requester=RITA, category=PASSWORD_RESET).id


def test_create_update_and_delete_fire_with_the_whole_ticket(site: Site, receiver: Receiver) -> None:
    ticket = opened(site)
    site.change(ticket, Change(fields={"SLAStage": "late"}), site.account)
    site.delete(ticket, site.agent)
    entities = [body["Entity"] for body in receiver.wait(3)]
    assert [entity["eTag"] for entity in entities] == [1, 2, 3]
    assert [entity["LastModifiedBy"] for entity in entities] == [AGENT, ACCOUNT, AGENT]
    assert entities[0]["ItemID"] == "IR-0000001"


def test_a_call_carries_basic_and_the_host_name_that_was_configured(site: Site, receiver: Receiver) -> None:
    opened(site)
    receiver.wait(1)
    headers, _ = receiver.calls[0]
    assert basic(headers) == "hook:pass:word"
    assert headers["Host"] == receiver.url.split("/")[2]


def test_the_body_may_come_bare(site: Site, receiver: Receiver) -> None:
    site.profile = Profile(webhook_body="bare")
    opened(site)
    assert receiver.wait(1)[0]["ID"] == 1


def test_a_delivery_may_come_twice(site: Site, receiver: Receiver) -> None:
    site.profile = Profile(webhook_delivery="duplicated")
    opened(site)
    first, second = receiver.wait(2)
    assert first == second


def test_deliveries_may_change_places(site: Site, receiver: Receiver) -> None:
    site.profile = Profile(webhook_delivery="reordered")
    site.note(opened(site), "later")
    assert [body["Entity"]["eTag"] for body in receiver.wait(2)] == [2, 1]


def test_a_lone_delivery_is_not_held_for_ever(site: Site, receiver: Receiver) -> None:
    site.profile = Profile(webhook_delivery="reordered")
    opened(site)
    assert len(receiver.wait(1)) == 1


def test_a_delivery_may_be_lost(site: Site, receiver: Receiver) -> None:
    site.profile = Profile(webhook_delivery="lost")
    opened(site)
    until(lambda: len(site.deliveries) == 1)
    assert (site.deliveries[0].result, receiver.calls) == ("lost", [])


def test_a_subscription_hears_its_events_and_modules_only(site: Site, receiver: Receiver) -> None:
    site.subscriptions[:] = [
        Subscription(receiver.url + "/problems", modules=("Problem",)),
        Subscription(receiver.url, events=("update",)),
    ]
    site.note(opened(site), "hello")
    assert [body["Entity"]["eTag"] for body in receiver.wait(1)] == [2]
    assert [delivery.event for delivery in site.deliveries] in ([], ["update"])


def test_a_receiver_that_is_away_is_tried_once(site: Site) -> None:
    site.subscriptions[:] = [Subscription("http://127.0.0.1:9/nobody")]
    opened(site)
    until(lambda: len(site.deliveries) == 1)
    assert site.deliveries[0].result == "ConnectError"


def test_a_slow_receiver_does_not_hold_up_the_api(api: httpx2.Client, receiver: Receiver) -> None:
    with receiver.held:
        for number in range(5):
            assert api.post("/incidentrequest", json={"Summary": f"Burst {number}"}).is_success
        assert receiver.calls == []
    receiver.wait(1)
