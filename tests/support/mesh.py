"""The whole mesh as real processes, held by a thread of its own, so that tests are plain functions."""

import asyncio
import json
import re
import threading
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

import grpc
import httpx

from bloom.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from local_mesh import Mesh, MeshInfo

AnswerT = TypeVar("AnswerT")

# As the question of an extraction names it, in JSON.
_GROUP = re.compile(r'of the group \\"(\w+)\\"')


class RunningMesh:
    """`with RunningMesh(folder) as mesh:`; random ports, so that any number may run at once."""

    def __init__(self, folder: Path, **settings: str) -> None:
        overrides = {
            "RATE_LIMIT_PER_MINUTE": "1000000", "JOB_HEARTBEAT_SECONDS": "2",
            # Whatever is tried here comes from one address.
            "SIGN_IN_ADDRESS_TRIES": "1000000", "SIGN_IN_ALL_TRIES": "1000000", **settings,
        }  # fmt: skip
        self.folder = folder
        self._mesh = Mesh(folder, ports="random", quiet=True, overrides=overrides)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self._mesh.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._mesh.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, AnswerT]) -> AnswerT:
        """Does something on the mesh's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=120)

    @property
    def info(self) -> MeshInfo:
        """Ports, addresses, database URLs, the demo login."""
        return self._mesh.info

    def kill(self, name: str) -> None:
        """`kill -9`, and no waiting."""
        self._loop.call_soon_threadsafe(self._mesh.kill, name)

    def wait_until_back(self, name: str) -> None:
        """Until the component serves again, and the gateway sees it."""
        self.run(self._mesh.wait_ready(name))
        self.run(self._mesh.wait_open())

    def stop(self, name: str) -> None:
        """Takes a component away until `start`."""
        self.run(self._mesh.stop(name))

    def start(self, name: str) -> None:
        """Brings a stopped component back, serving."""
        self.run(self._mesh.start(name))

    def logged(self, component: str, message: str) -> list[dict[str, Any]]:
        """The lines of a component's log that say `message`."""
        log = (self.folder / "logs" / f"{component}.log").read_text(errors="replace")
        lines = [json.loads(line) for line in whole_lines(log) if line.startswith("{")]
        return [line for line in lines if line.get("message") == message]

    def workload_token(self, client: str = "contracts") -> str:
        """What a service of the mesh calls with."""
        secret = json.loads((self.folder / "secrets.json").read_text())["workloads"][client]
        with grpc.insecure_channel(self.info.addresses["auth"]) as channel:
            request = auth_service_pb2.IssueTokenRequest(client_id=client, client_secret=secret)
            answer = auth_service_pb2_grpc.TokenServiceStub(channel).IssueToken(request, timeout=10)
        return str(answer.tokens.access_token)

    def trace(self, trace_id: str) -> tuple[Any, ...]:
        """The spans that have come in for a trace."""
        return self._mesh.trace(trace_id)


def whole_lines(log: str) -> list[str]:
    """Without the one that is being written."""
    return log.split("\n")[:-1]


class Simulator:
    """The Claude simulator's control plane."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=30)

    def script(self, *rules: dict[str, object]) -> None:
        """Adds rules; the first that matches and is not used up answers."""
        self._http.post("/_simulator/script", json=list(rules)).raise_for_status()

    def forget(self) -> None:
        """No script, no record of requests, no prompt cache."""
        self._http.delete("/_simulator/script").raise_for_status()
        self._http.delete("/_simulator/requests").raise_for_status()

    def requests(self) -> list[dict[str, Any]]:
        """What was asked since the last `forget`."""
        answer = self._http.get("/_simulator/requests").raise_for_status().json()
        return list(answer["requests"] if isinstance(answer, dict) else answer)

    def groups_asked(self) -> Counter[str]:
        """How often each field group was asked for since the last `forget`."""
        # What is fetched, and the cancelling of a batch, have no body.
        bodies = (request["body"] or {} for request in self.requests())
        asked = (_GROUP.search(json.dumps(body.get("messages"))) for body in bodies)
        return Counter(group[1] for group in asked if group)
