"""`python -m ai_gateway.cli` is `bloom-ai`."""

import sys

from ai_gateway.cli.main import main

sys.exit(main())
