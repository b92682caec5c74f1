"""The edge of the mesh: Envoy's configuration, the check of JSON bodies, and the description of the API."""
