"""Settings of the contracts service and its worker."""

from pydantic import Field

from service_runtime.settings import ServiceSettings


class ContractsSettings(ServiceSettings):
    """What this service needs beyond the common settings."""

    ai_gateway_address: str
    # `file:///…` on a laptop, `s3://bucket/prefix` in AWS.
    object_store_url: str
    max_upload_bytes: int = Field(default=50 * 1024 * 1024, ge=1)
    # Field groups asked of Claude at once, for each analysis.
    analysis_parallel_groups: int = Field(default=5, ge=1, le=20)
    # How often an analysis begins anew after a fault before it is given up.
    analysis_attempts: int = Field(default=5, ge=1)
    # A job whose worker has been silent for this long is taken over.
    job_heartbeat_seconds: float = Field(default=30.0, ge=1)
    # How long an event may wait in the outbox.
    relay_seconds: float = Field(default=1.0, gt=0)
    # Jobs that one worker process runs at once.
    worker_jobs: int = Field(default=4, ge=1, le=50)
