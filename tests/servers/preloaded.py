"""What a process that others are forked from has done before: a start of theirs does it no more.

Everything is imported, the models of all plugins' settings are made, and no garbage collection looks at any of it
again, which would copy it into each fork.
"""

import gc
from importlib import import_module

from deskward import plugins

MODULES = (
    *("deskward.cli", "deskward.store.migrations", "deskward.store.runner_procrastinate", "pydantic.v1"),
    *("sandbox.__main__", "uvicorn.lifespan.on", "uvicorn.protocols.http.httptools_impl"),
)

for module in MODULES:
    import_module(module)
for folder in plugins.PORTS:
    for name in plugins.names(folder):
        plugins._model(plugins.find(folder, name))
gc.collect()
gc.freeze()
