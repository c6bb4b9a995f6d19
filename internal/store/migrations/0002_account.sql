-- +goose Up

-- Who owns keys, pays, and has limits. Times are microseconds since 1970.
create table account (
    id             text {{bytewise}} not null primary key,
    name           text   not null,
    suspend_reason text   not null default '',
    created_at     bigint not null,
    suspended_at   bigint, -- null: not suspended
    changed_at     bigint  -- null: never changed since
);
create index account_created on account (created_at, id);

-- Only the SHA-256 of a key is kept. scopes: words with spaces, or * for all.
create table api_key (
    id         text {{bytewise}} not null primary key,
    account    text {{bytewise}} not null references account (id),
    name       text      not null,
    digest     {{bytes}} not null check (length(digest) = 32),
    masked     text      not null,
    scopes     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
);
create unique index api_key_digest on api_key (digest);
create index api_key_created on api_key (created_at, id);
create index api_key_account on api_key (account, created_at, id);

-- Operators belong to the instance, to no account.
create table operator (
    id         text {{bytewise}} not null primary key,
    name       text   not null,
    role       text   not null check (role in ('operator', 'auditor')),
    created_at bigint not null
);

create table operator_key (
    id         text {{bytewise}} not null primary key,
    operator   text {{bytewise}} not null references operator (id),
    digest     {{bytes}} not null check (length(digest) = 32),
    masked     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
);
create unique index operator_key_digest on operator_key (digest);
create index operator_key_operator on operator_key (operator, created_at, id);

-- Acts that may happen once in the life of a database.
create table account_once (
    act text   not null primary key,
    at  bigint not null
);

-- Every administrative act, written in the transaction that does it. Rows are
-- only added.
create table audit (
    seq     {{serial}},
    at      bigint not null,
    actor   text   not null, -- id of the operator, or "system"
    action  text   not null, -- such as key.revoke
    subject text {{bytewise}} not null, -- id of what was acted on
    detail  text   not null default ''
);
create index audit_at on audit (at, seq);
create index audit_subject on audit (subject, seq);
