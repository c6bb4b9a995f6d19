-- +goose Up

-- The processes that share the database, each of which says every few seconds that it
-- lives. On SQLite one process owns the file, and writes nothing here. Times are
-- microseconds since 1970 by the database's clock.
create table replica (
    id         text {{bytewise}} not null primary key,
    host       text   not null,
    role       text   not null, -- all, api, worker
    version    text   not null,
    config     text   not null, -- hash of its process file
    jobs       text   not null, -- how the job queue knows it, or ''
    started_at bigint not null,
    seen_at    bigint not null
);
create index replica_seen on replica (seen_at);

-- Predictions of all accounts, newest first, for operators.
create index prediction_created on prediction (created_at, id);
