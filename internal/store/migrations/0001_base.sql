-- +goose Up

-- One value a row. oldest_version: the number of the oldest schema whose
-- servers may run on this database. change_trimmed: change rows up to this
-- number may have been deleted.
create table schema_info (
    key   text not null primary key,
    value text not null
);
insert into schema_info (key, value) values ('oldest_version', '1');
insert into schema_info (key, value) values ('change_trimmed', '0');

-- What changed, for the in-memory copies that processes keep; an hour of it.
create table change (
    seq  {{serial}},
    kind text   not null,
    ref  text   not null,
    at   bigint not null -- microseconds since 1970
);
