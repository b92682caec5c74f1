"""A task is ended even when it loses a cancel."""

import asyncio

from service_runtime import tasks


async def test_a_task_that_loses_a_cancel_is_ended_all_the_same():
    lost = 0

    async def deaf_at_first() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost == 2:
                    raise

    task = asyncio.create_task(deaf_at_first())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await tasks.end(task)
    assert task.cancelled()
    assert lost == 2
