#!/bin/sh
# A database for each service, and a role of its own that alone may enter it. Postgres's image runs
# this once, when the volume is new.
set -e

provision() {
    PASSWORD="${2:?the password of $1 is not set}" psql --no-psqlrc -q -v ON_ERROR_STOP=1 \
        -U "$POSTGRES_USER" -d postgres -v name="$1" <<'SQL'
\getenv password PASSWORD
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}

provision order "$ORDER_DB_PASSWORD"
provision inventory "$INVENTORY_DB_PASSWORD"
provision payment "$PAYMENT_DB_PASSWORD"
provision email "$EMAIL_DB_PASSWORD"
provision analytics "$ANALYTICS_DB_PASSWORD"

psql --no-psqlrc -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres \
    -c 'REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC'
