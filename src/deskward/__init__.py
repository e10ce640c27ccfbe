"""Identity verification for the IT help desk."""

import sys

# Where structlog finds rich it loads it, for colours that nobody sees here: 0.2 s and 4 MB of every start.
if "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]
    import structlog  # noqa: F401 - only to be loaded without it

    del sys.modules["rich"]
