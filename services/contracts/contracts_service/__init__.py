"""The record of truth for energy contracts: documents, extraction, evidence, search."""

import os

# Read by gRPC when it is first imported. Its fork handlers crash the child processes that read documents
# (7 of 12 uploads under uvloop; 0 of 12 without them); nothing here forks and goes on using gRPC.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
