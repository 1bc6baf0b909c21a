"""An engine on toys."""

from pathlib import Path

import pytest

from sdk.bundle import Bundle
from sdk.runtime.engine import Engine
from sdk.runtime.generators import TokenGenerator
from tests.runtime.toys import INFO, ToyPasses, ToyText
from tests.service.fake_engine import MANIFEST


@pytest.fixture
def passes() -> ToyPasses:
    return ToyPasses()


@pytest.fixture
def text() -> ToyText:
    return ToyText()


@pytest.fixture
def engine(passes: ToyPasses, text: ToyText) -> Engine:
    return Engine(Bundle(Path("toy"), MANIFEST, "ab" * 32), {"emo-mask": TokenGenerator(passes, INFO)}, text)
