"""The API in words, made from the protos and committed: OpenAPI 3.1 of what HTTP callers see, Markdown for gRPC."""
