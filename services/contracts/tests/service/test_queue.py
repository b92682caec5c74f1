"""The queue while PostgreSQL is away: no job is given up, and none waits for a probe that nobody heard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from pgqueuer.domain.errors import RetryRequested

from contracts_service.queue import Job, PatientDriver, PatientQueries, enqueue, follow


class Wire:
    """A way to PostgreSQL that can be cut and mended."""

    def __init__(self, dsn: str) -> None:
        self._to = urlsplit(dsn)
        self._cut = False
        self._open: set[asyncio.StreamWriter] = set()
        self.refused = asyncio.Event()
        self.dsn = ""

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Wire"]:
        async with await asyncio.start_server(self._carry, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            login = self._to.netloc.rpartition("@")[0]
            self.dsn = urlunsplit(self._to._replace(netloc=f"{login}@127.0.0.1:{port}"))
            yield self
            self.cut()

    def cut(self) -> None:
        self._cut = True
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self._cut = False

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            self.refused.set()
            writer.transport.abort()
            return
        there = await asyncio.open_connection(self._to.hostname, self._to.port)
        both = {writer, there[1]}
        self._open |= both
        await asyncio.gather(_pour(reader, there[1]), _pour(there[0], writer))
        self._open -= both


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    sink.close()


@pytest.fixture
async def wire(databases) -> AsyncIterator[Wire]:
    owner = await asyncpg.connect(databases.owner("contracts"))
    await owner.execute("DELETE FROM pgqueuer")
    await enqueue(owner, Job(uuid4(), uuid4()))
    await owner.close()
    async with Wire(databases.app("contracts")).laid() as wire:
        yield wire


@asynccontextmanager
async def following(wire: Wire, work) -> AsyncIterator[asyncio.Task[None]]:
    stopping = asyncio.Event()
    async with asyncpg.create_pool(wire.dsn, min_size=2, max_size=4) as pool:
        heartbeat = timedelta(seconds=1)
        task = asyncio.create_task(follow(pool, work, heartbeat=heartbeat, parallel=2, stopping=stopping))
        try:
            yield task
        finally:
            stopping.set()
            await task


async def test_a_job_that_fails_while_postgresql_is_away_is_tried_again(wire: Wire):
    tries: list[int] = []
    again = asyncio.Event()

    async def work(_job) -> None:
        tries.append(1)
        if len(tries) == 1:
            wire.cut()
            raise RetryRequested(timedelta(0), "the database is away")
        again.set()

    async with following(wire, work), asyncio.timeout(20):
        await wire.refused.wait()
        wire.mend()
        await again.wait()


async def test_the_queue_is_followed_anew_after_an_outage(wire: Wire, databases):
    done: asyncio.Queue[None] = asyncio.Queue()

    async def work(_job) -> None:
        await done.put(None)

    async with following(wire, work) as task, asyncio.timeout(20):
        await done.get()
        wire.cut()
        await wire.refused.wait()
        wire.mend()
        owner = await asyncpg.connect(databases.owner("contracts"))
        await enqueue(owner, Job(uuid4(), uuid4()))
        await owner.close()
        await done.get()
        assert not task.done()


async def test_a_listener_is_probed_once_it_listens(databases):
    """Before that nobody hears the probe, and ten seconds later the listener is taken for dead."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with asyncpg.create_pool(databases.app("contracts"), min_size=2, max_size=4) as pool:
        driver = PatientDriver(pool)
        queries = PatientQueries(driver)
        probe = asyncio.create_task(queries.notify_health_check(uuid4()))
        for _ in range(3):
            await pool.execute("SELECT 1")
        assert not probe.done()
        async with driver, asyncio.timeout(10):
            await driver.add_listener(queries.qbq.settings.channel, heard.put_nowait)
            await probe
            assert "health_check_event" in await heard.get()
