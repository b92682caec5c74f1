"""What of AWS the gateway uses: its task's credentials, and one secret."""
