"""`python -m auth_service.audit_cli`"""

import sys

from auth_service.audit_cli.main import main

if __name__ == "__main__":
    sys.exit(main())
