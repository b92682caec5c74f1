"""What processes share that speak HTTP beside Envoy: how they serve, and what a request inherits."""
