"""Many threads that do the same at the same moment."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from deskward.core.errors import DeskwardError


def at_once(number: int, work: Callable[[int], object]) -> Counter[str]:
    """Run `work(n)` in that many threads at once; counts “done” and the names of the errors of the house."""
    barrier = Barrier(number)

    def one(n: int) -> str:
        barrier.wait()
        try:
            work(n)
        except DeskwardError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(number) as pool:
        return Counter(pool.map(one, range(number)))
