"""What `make up` needs on one machine: settings, certificates, PostgreSQL, Valkey and the supervised processes."""
