"""Descriptions of the HTTP API as OpenAPI 3.1, one for each service, made from the protos and committed."""
