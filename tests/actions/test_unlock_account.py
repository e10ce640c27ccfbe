from dataclasses import replace
from pathlib import Path

from deskward.actions.unlock_account import Action
from deskward.directories.roster import Directory

LOCKED = '[[people]]\nid = "p-1"\nlogin = "a"\nname = "A"\nemail = "a@example.com"\nlocked = true\n'


def test_a_press_of_the_button_unlocks_the_account(tmp_path: Path) -> None:
    (tmp_path / "people.toml").write_text(LOCKED)
    directory, action = Directory(path=tmp_path / "people.toml"), Action()
    before = directory.get("p-1")
    assert before
    assert action.fields == ()
    assert action.problem(before, {}) == ""
    assert not action.achieved(before, before)
    action.perform(directory, before, {})
    after = directory.get("p-1")
    assert after
    assert action.achieved(before, after)
    assert not action.achieved(before, replace(after, login="b"))
