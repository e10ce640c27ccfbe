"""Faults that a real small API shows at chosen calls: throttled, broken, hung up, done but not told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.servers.tokens import Asked, Reply


@dataclass
class Fault:
    """What is answered to the next `times` calls of that method whose path holds `part`; `done` does it before."""

    method: str
    part: str
    reply: Reply
    done: bool = False
    times: int = 1


@dataclass
class Faulty:
    """An API that answers by itself, but for its faults."""

    answer: Callable[[Asked], Reply]
    faults: list[Fault] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        for fault in self.faults:
            if fault.times and fault.method == asked.method and fault.part in asked.path:
                fault.times -= 1
                if fault.done:
                    self.answer(asked)
                return fault.reply
        return self.answer(asked)
