-- +goose Up

-- Whoever changes the catalogue locks this one row first, so changes are made
-- one after the other; the number tells a process whether it has seen them all.
create table catalog_revision (
    id       bigint not null primary key check (id = 1),
    revision bigint not null
);
insert into catalog_revision (id, revision) values (1, 0);

-- Upstreams. A credential is either a reference (env:NAME, file:PATH), kept as
-- it is, or sealed under the master key; at most one of the two is not empty.
create table catalog_provider (
    name              text {{bytewise}} not null primary key,
    kind              text   not null,
    base_url          text   not null,
    credential        text   not null,
    credential_sealed text   not null,
    fetch_inputs      text   not null,
    responses         text   not null,
    managed           text   not null, -- the file that manages it, or ''
    created_at        bigint not null  -- microseconds since 1970
);

-- Models. A built-in model has a row only where an operator gave it aliases or
-- set it offline; the other columns of such a row mean nothing.
create table catalog_model (
    slug           text {{bytewise}} not null primary key,
    ordinal        bigint  not null, -- order of creation
    builtin        boolean not null,
    name           text    not null,
    description    text    not null,
    type           text    not null,
    api            text    not null,
    privacy        text    not null,
    img_url        text    not null,
    vendor         text    not null, -- JSON object, or ''
    capabilities   text    not null, -- JSON array, or ''
    free           boolean not null,
    offline        boolean not null,
    max_output     bigint  not null,
    context_length bigint  not null,
    managed        text    not null,
    created_at     bigint  not null
);

-- Every name of every stored model: the slug at position 0, aliases after it.
-- The key makes two names that differ in case alone impossible.
create table catalog_name (
    folded   text {{bytewise}} not null primary key,
    name     text {{bytewise}} not null,
    model    text {{bytewise}} not null references catalog_model (slug) on delete cascade,
    position bigint not null
);
create index catalog_name_model on catalog_name (model, position);

-- The ways to serve a model. The provider may also be one that has no row: the
-- built-in `local`, or one that comes with the environment.
create table catalog_target (
    model        text {{bytewise}} not null references catalog_model (slug) on delete cascade,
    position     bigint not null,
    provider     text {{bytewise}} not null,
    upstream     text   not null,
    priority     bigint not null,
    weight       bigint not null,
    fetch_inputs text   not null,
    primary key (model, position)
);

-- The chosen model behind the router, for each api; '' is the built-in one, no
-- row means that nothing was chosen yet.
create table catalog_default (
    api   text {{bytewise}} not null primary key,
    model text {{bytewise}} not null
);
