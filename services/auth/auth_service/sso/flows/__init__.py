"""Sign-ins on their way through a provider, and who came back."""
