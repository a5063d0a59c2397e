#!/bin/sh
# Run by the PostgreSQL image when its data folder is new: a role and a database for each service, closed to the others.
# The extensions come with the migrations: PostgreSQL lets a database's owner have those that a service needs.
set -eu
for service in auth movie ugc booking notify; do
    variable="$(printf '%s' "$service" | tr '[:lower:]' '[:upper:]')_DATABASE_PASSWORD"
    eval "password=\$$variable"
    psql --set ON_ERROR_STOP=1 --set service="$service" --set password="$password" \
        --username "$POSTGRES_USER" --dbname postgres <<-'SQL'
	CREATE ROLE :"service" LOGIN PASSWORD :'password';
	CREATE DATABASE :"service" OWNER :"service";
	REVOKE CONNECT ON DATABASE :"service" FROM PUBLIC;
SQL
done
