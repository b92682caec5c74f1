"""The laptop deployment: one supervisor for the whole mesh, on real parts."""

from local_mesh.component import StartFailedError
from local_mesh.info import MeshInfo
from local_mesh.mesh import Mesh
from local_mesh.state import StateTakenError

__all__ = ["Mesh", "MeshInfo", "StartFailedError", "StateTakenError"]
