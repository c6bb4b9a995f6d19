-- +goose Up

-- One row a group commit. The id is made before the first try, so a commit whose
-- answer was lost is recognised when it is tried again. It begins with the time. Rows
-- are kept for a day.
create table charge_batch (
    id    text {{bytewise}} not null primary key,
    at    bigint not null, -- microseconds since 1970
    lines bigint not null
{{sqlite}} ) without rowid; -- one page to write for a commit, not two
{{postgres}} );

-- What was charged, kept for the account's life. One row a request: the request's
-- id makes a repeat harmless.
create table charge_line (
    request       text {{bytewise}} not null primary key,
    batch         text {{bytewise}} not null,
    at            bigint  not null,
    account       text {{bytewise}} not null,
    api_key       text {{bytewise}} not null,
    model         text    not null,
    target        text    not null, -- provider/upstream name, for operators only
    price_version bigint  not null, -- 0: free
    units_in      bigint  not null, -- tokens
    units_out     bigint  not null,
    units_cached  bigint  not null, -- of units_in
    units_reasoning bigint not null, -- of units_out
    amount        bigint  not null, -- nano-US-dollars
    counted       boolean not null, -- our count: the upstream reported no usage
    outcome       text    not null
);
create index charge_line_account on charge_line (account, at);

-- Every request, for a month: no body, no key, no query. The time comes first in
-- the key: new rows go to its end, and one index fewer is kept.
create table request_log (
    request    text {{bytewise}} not null,
    at         bigint  not null,
    method     text    not null,
    route      text    not null,
    path       text    not null,
    status     bigint  not null,
    outcome    text    not null,
    error_id   text    not null,
    account    text {{bytewise}} not null,
    api_key    text {{bytewise}} not null,
    model      text    not null,
    target     text    not null,
    tokens_in  bigint  not null,
    tokens_out bigint  not null,
    bytes_in   bigint  not null,
    bytes_out  bigint  not null,
    first_byte bigint  not null, -- microseconds
    duration   bigint  not null, -- microseconds
    streamed   boolean not null,
    client     text    not null,
    primary key (at, request)
);
create index request_log_account on request_log (account, at);
