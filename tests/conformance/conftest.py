"""One Spark for all tests here: it takes seconds to start."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.engines import needs_spark

if TYPE_CHECKING:
    from pyspark import SparkContext


@pytest.fixture(scope="session")
def spark() -> "Iterator[SparkContext]":
    needs_spark()
    from fangxian.lake.spark import context

    started = context("local[2]", driver_memory="1g")
    yield started
    started.stop()
