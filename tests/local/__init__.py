"""What `make up` needs on one machine."""
