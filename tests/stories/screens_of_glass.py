"""Pictures of break-glass: asked for, confirmed, gone on by, and reviewed."""

from collections.abc import Callable

from tests.stories.camera import Camera
from tests.stories.test_break_glass import walk
from tests.stories.walk import Story


def break_glass(story: Story, camera: Camera) -> None:
    """Walk the whole way with a picture of every screen."""
    walk(story, camera.shoot)


GLASS: dict[str, Callable[[Story, Camera], None]] = {"break-glass": break_glass}
