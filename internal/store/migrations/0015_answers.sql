-- +goose Up

-- Guards look at prompts and answers. spec is the guard as an operator described it (JSON).
create table catalog_guard (
    name       text {{bytewise}} primary key,
    spec       text   not null,
    managed    text   not null, -- the file that manages it, or ''
    created_at bigint not null
);

-- How a model's answers are kept (JSON, or ''), and the guards that it names (with spaces
-- between them).
alter table catalog_model add column cache text not null default '';
alter table catalog_model add column guards text {{bytewise}} not null default '';
