"""Settings of the contracts service and its worker."""

from pydantic import Field

from contracts_service.prompts.uses import Use
from service_runtime.settings import ServiceSettings


class ContractsSettings(ServiceSettings):
    """What this service needs beyond the common settings."""

    ai_gateway_address: str
    # `file:///…` on a laptop, `s3://bucket/prefix` in AWS.
    object_store_url: str
    max_upload_bytes: int = Field(default=50 * 1024 * 1024, ge=1)
    # The most input tokens of a request about a document, counted as a token for three bytes: longer ones are
    # read in parts. Claude's window is larger; but parts are read at the same time, and to their ends.
    analysis_request_tokens: int = Field(default=120_000, ge=8_000, le=900_000)
    # What is read where the caller does not say.
    analysis_standard_uses: tuple[Use, ...] = (
        Use.FIELDS,
        Use.PARTIES,
        Use.MILESTONES,
        Use.PRICES,
        Use.GUARANTEES,
        Use.OBLIGATIONS,
        Use.TERMINATION,
    )
    # How soon an analysis stops that was cancelled.
    analysis_cancel_seconds: float = Field(default=0.5, gt=0)
    # How often it is looked whether batches of a patient analysis have ended; most take minutes.
    analysis_poll_seconds: float = Field(default=30.0, gt=0)
    # Questions asked of Claude at once, for each analysis.
    analysis_parallel_groups: int = Field(default=5, ge=1, le=20)
    # How often an analysis begins anew after a fault before it is given up.
    analysis_attempts: int = Field(default=5, ge=1)
    # An archive is one upload: 1 GiB is 20 of the largest files, 4,000 of the usual 250 KiB.
    import_archive_bytes: int = Field(default=1024 * 1024 * 1024, ge=1)
    # What its files may be together; PDF and DOCX are packed already, so that three times is much.
    import_unfolded_bytes: int = Field(default=3 * 1024 * 1024 * 1024, ge=1)
    # Files of one import; each is a row from the start, and the list is held in memory once.
    import_files: int = Field(default=10_000, ge=1)
    # How often a file of an import begins anew after a fault of ours before it is given up.
    import_attempts: int = Field(default=10, ge=1)
    # The same of exports.
    export_attempts: int = Field(default=5, ge=1)
    # Files of imports that one worker process reads at once: each takes a core.
    import_jobs: int = Field(default=2, ge=2, le=50)
    # A job whose worker has been silent for this long is taken over.
    job_heartbeat_seconds: float = Field(default=30.0, ge=1)
    # How long an event may wait in the outbox.
    relay_seconds: float = Field(default=1.0, gt=0)
    # Where an audit chain grew, its head is signed after at most so long.
    audit_head_seconds: float = Field(default=300, gt=0, le=86_400)
    # How often it is looked for what is due to be deleted or purged.
    keeping_seconds: float = Field(default=3600, gt=0, le=86_400)
    # Jobs that one worker process runs at once.
    worker_jobs: int = Field(default=4, ge=1, le=50)
