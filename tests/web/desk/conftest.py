"""The desk on the house of the web tests, with one agent."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from deskward.core.accounts import Agent
from deskward.core.secret import Secret
from deskward.lifecycle import Lifecycle, Reading
from deskward.store.opening import Opened
from deskward.web.desk import create_app, hashed
from deskward.web.guard import Guard
from tests.doubles.people import FakeClock
