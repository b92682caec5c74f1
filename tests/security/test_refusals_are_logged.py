"""Who was refused what is in the log of the service that refused."""

import time

from tests.support.client import WebClient
from tests.support.mesh import RunningMesh

# A process writes its lines at once; the machine may be busy.
PATIENCE_SECONDS = 10


def test_a_refused_permission_is_told_with_its_subject(mesh: RunningMesh):
    owner = WebClient.register(mesh.info.rest)
    viewer = owner.colleague("ROLE_VIEWER")
    assert viewer.get("/v1/users").status_code == 403
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        lines = mesh.logged("auth", "ListUsers PERMISSION_DENIED")
        if [line for line in lines if line["subject"] == viewer.subject]:
            return
        time.sleep(0.05)
    raise AssertionError("nobody wrote it down")
