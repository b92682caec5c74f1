"""A test's hand on a running simulator: lay down a script, see what was asked."""

from collections.abc import Mapping

import aiohttp


class SimulatorControl:
    """The control plane of the simulator at a base URL, over an open HTTP session."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self._http = http

    async def script(self, *rules: Mapping[str, object]) -> None:
        """Replace the script by these rules. Raises ValueError when the simulator refuses one."""
        await self._delete("script")
        await self._post("script", list(rules))

    async def requests(self, **query: str | int) -> list[dict[str, object]]:
        """Recorded requests, oldest first; the query is `outcome`, `at_least` and `wait_ms`."""
        async with self._http.get(f"{self.url}/_simulator/requests", params=query) as answer:
            recorded: list[dict[str, object]] = (await answer.json())["requests"]
        return recorded

    async def counts(self) -> dict[str, int]:
        """Counts of requests, outcomes, statuses and tokens."""
        async with self._http.get(f"{self.url}/_simulator/stats") as answer:
            counted: dict[str, int] = (await answer.json())["counts"]
        return counted

    async def batches(self, **query: str | int) -> list[dict[str, object]]:
        """Batches created, oldest first, with their items; the query is `status`, `at_least`, `wait_ms`."""
        async with self._http.get(f"{self.url}/_simulator/batches", params=query) as answer:
            created: list[dict[str, object]] = (await answer.json())["batches"]
        return created

    async def release(self, batch_id: str = "", items: int | None = None) -> None:
        """Let go of a held batch, or of all; with `items`, only so many more are answered."""
        which = f"batches/{batch_id}/release" if batch_id else "batches/release"
        await self._post(which, {} if items is None else {"items": items})

    async def limits(self, **limits: int | bool) -> None:
        """Limits of a minute: `requests`, `input_tokens`, `output_tokens`; `enforced` makes them 429s."""
        await self._post("limits", limits)

    async def aws_keys(self, *keys: Mapping[str, str]) -> None:
        """Whose signatures are good on Bedrock: `access_key`, `secret_key`; `session_token`, `region`."""
        await self._post("aws", list(keys))

    async def forget(self) -> None:
        """Clear the script, the recorded requests, the counts and the prompt cache."""
        await self._delete("script")
        await self._delete("requests")

    async def _post(self, what: str, body: object) -> None:
        async with self._http.post(f"{self.url}/_simulator/{what}", json=body) as answer:
            if answer.status != 200:
                raise ValueError(await answer.text())

    async def _delete(self, what: str) -> None:
        async with self._http.delete(f"{self.url}/_simulator/{what}") as answer:
            answer.raise_for_status()
