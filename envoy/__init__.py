"""The edge: Envoy's configuration and how it is made from the protos and the environment."""
