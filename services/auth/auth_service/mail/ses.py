"""The way out in AWS: Amazon SES."""

import asyncio
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from auth_service.mail.model import Mail, MailRefusedError, MailWaitsError

_SECONDS = 5
# Of this mail, whenever it is sent; all else may be mended, by time or by an operator.
_FINAL = frozenset({"MessageRejected", "BadRequestException", "InvalidParameterValue"})


class Ses:
    """SES v2. Tries again are the relay's: one layer only."""

    def __init__(self, *, region: str, sender: str, endpoint: str | None = None) -> None:
        config = Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 1})
        client: Any = boto3.client("sesv2", region_name=region, endpoint_url=endpoint, config=config)
        self._client, self._sender = client, sender

    async def send(self, mail: Mail) -> None:
        """Raises MailWaitsError, MailRefusedError."""
        await asyncio.to_thread(self._send, mail)

    def _send(self, mail: Mail) -> None:
        letter = mail.letter
        try:
            self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [mail.to]},
                Content={
                    "Simple": {
                        "Subject": _utf8(letter.subject),
                        "Body": {"Text": _utf8(letter.text), "Html": _utf8(letter.html)},
                    }
                },
            )
        except ClientError as refused:
            code = str(refused.response.get("Error", {}).get("Code", ""))
            # `from None`: the provider's words may repeat the recipient.
            raise (MailRefusedError if code in _FINAL else MailWaitsError)(code or "ClientError") from None
        except BotoCoreError as failed:
            raise MailWaitsError(type(failed).__name__) from None


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
