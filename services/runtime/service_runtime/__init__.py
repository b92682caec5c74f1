"""The one package that all services share: how a call is served, made, stored and seen."""
