"""The outside is silent for a while: pages go on, nothing is given up, and then everything goes out once."""

from tests.crash.conftest import Starter
from tests.crash.effects import Ledger, check, course
from tests.crash.outside import Outside
from tests.crash.persons import Story
from tests.store.samples import until

PROMPT = 5.0


def failed(ledger: Ledger, story: Story, kinds: set[str]) -> bool:
    """Tell whether errands of these kinds were tried twice in vain; none may be parked."""
    waiting = [e for e in ledger.errands(story) if e.state != "done"]
    assert all(e.state != "parked" for e in waiting)
    return kinds <= {e.kind for e in waiting if e.attempts > 1 and e.last_error}


def test_an_hour_of_silence_costs_an_hour_not_a_note(outside: Outside, start: Starter, ledger: Ledger) -> None:
    start("run")
    undisturbed, story = Story(outside, 0, on_phone=False), Story(outside, 1, on_phone=False)
    undisturbed.live()
    ledger.wait(undisturbed)
    story.open()
    ledger.wait(story)
    outside.site.switch(down=True)
    outside.mailbox.down = outside.phone.down = True
    story.desk.timeout = story.portal.timeout = PROMPT
    story.send()
    assert "Progress" in story.desk_page(f"/send/{story.id}")
    until(lambda: failed(ledger, story, {"note", "send"}))
    outside.mailbox.down = False
    ledger.replay(story)
    outside.mailbox.wait_for(story.mailbox, seconds=30)
    until(lambda: failed(ledger, story, {"note", "send"}))
    outside.phone.down = False
    ledger.replay(story)
    story.start()
    story.agree()
    story.act()
    until(lambda: failed(ledger, story, {"note"}))
    assert len(outside.history(story.ticket)) == 2
    outside.site.switch(down=False)
    ledger.replay(story)
    story.wait_closed()
    ledger.wait(story)
    assert course(story) == course(undisturbed)
    check(story, ledger)
    links = [mail for mail in outside.mailbox.sent_to(story.mailbox) if "/v#" in mail.text]
    codes = [text for text in outside.phone.sent_to(story.phone) if "your code is" in text.body]
    assert (len(links), len(codes)) == (1, 1)


def test_a_ticket_that_came_while_nobody_was_there_is_found(
    outside: Outside, start: Starter, ledger: Ledger
) -> None:
    ticket = outside.open_ticket(0)
    start("run")
    story = Story(outside, 0, ticket=ticket)
    story.live()
    ledger.wait(story)
    check(story, ledger)
