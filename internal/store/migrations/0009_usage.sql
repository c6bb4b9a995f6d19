-- +goose Up

-- Sums of charge_line (usage_sum) and of request_log (traffic_sum) for charts and long
-- spans. A row is of one hour (hours = 1) or of one day (hours = 24); at is its start in
-- hours since 1970, UTC. Besides those of each account there are rows of all accounts
-- together: account and api_key are '' there. They are made again from what they sum up,
-- so they may be emptied (with rollup and rollup_dirty).
create table usage_sum (
    hours     bigint not null,
    at        bigint not null,
    account   text {{bytewise}} not null,
    model     text {{bytewise}} not null,
    api_key   text {{bytewise}} not null,
    requests  bigint not null, -- charge lines
    units_in  bigint not null, -- tokens
    units_out bigint not null,
    units_cached bigint not null,
    units_reasoning bigint not null,
    amount    bigint not null,
    cost      bigint not null,
    primary key (hours, at, account, model, api_key)
{{sqlite}} ) without rowid;
{{postgres}} );

-- family: chat, responses, embeddings, predictions (their creation), other. h0, h1, …
-- count the durations of what was answered without an error: hN those of at most 1.5^N
-- milliseconds, the last one the longer ones as well.
create table traffic_sum (
    hours    bigint not null,
    at       bigint not null,
    account  text {{bytewise}} not null,
    model    text {{bytewise}} not null,
    api_key  text {{bytewise}} not null,
    family   text {{bytewise}} not null,
    requests bigint not null,
    errors   bigint not null, -- status 400 and above
    failed   bigint not null, -- of those, 500 and above
    duration bigint not null, -- microseconds, of what was answered without an error
    firsts   bigint not null, -- answers with a first byte
    first_byte bigint not null, -- microseconds, of those
    h0 integer not null, h1 integer not null, h2 integer not null, h3 integer not null,
    h4 integer not null, h5 integer not null, h6 integer not null, h7 integer not null,
    h8 integer not null, h9 integer not null, h10 integer not null, h11 integer not null,
    h12 integer not null, h13 integer not null, h14 integer not null, h15 integer not null,
    h16 integer not null, h17 integer not null, h18 integer not null, h19 integer not null,
    h20 integer not null, h21 integer not null, h22 integer not null, h23 integer not null,
    h24 integer not null, h25 integer not null, h26 integer not null, h27 integer not null,
    h28 integer not null, h29 integer not null, h30 integer not null, h31 integer not null,
    primary key (hours, at, account, model, api_key, family)
{{sqlite}} ) without rowid;
{{postgres}} );

-- How far the sums are final. source: charges or requests. settled: hours before it were
-- added up anew from the rows themselves; days: days before it have rows of their own;
-- kept: rows of hours before it may be deleted.
-- One process at a time (owner, until) does that.
create table rollup (
    source  text {{bytewise}} not null primary key,
    settled bigint not null,
    days    bigint not null,
    kept    bigint not null,
    owner   text {{bytewise}} not null,
    until   bigint not null
);
insert into rollup (source, settled, days, kept, owner, until) values ('charges', 0, 0, 0, '', 0), ('requests', 0, 0, 0, '', 0);

-- Hours that a row came into after they were settled, such as a charge from the spool.
create table rollup_dirty (
    source text {{bytewise}} not null,
    hour   bigint not null,
    mark   text {{bytewise}} not null, -- random, so that nobody waits for another's mark
    at     bigint not null, -- microseconds: when it was marked
    primary key (source, hour, mark)
);

-- The charges of a span of time. New rows go to its end; on PostgreSQL it is a few bytes
-- for each megabyte of the table, and no choice for the charges of one account.
{{sqlite}} create index charge_line_at on charge_line (at);
{{postgres}} create index charge_line_at on charge_line using brin (at) with (autosummarize = on);

-- The filters of the request log. A request's id says when it came, and an hour's sums
-- say where requests of an account, a model, a key or a class of status are, so that only
-- single errors need indexes: they are few, and what went well pays for none.
create index request_log_status on request_log (status, at) where status >= 400;
create index request_log_error on request_log (error_id, at) where error_id <> '';
create index request_log_account_status on request_log (account, status, at) where status >= 400;
create index request_log_account_error on request_log (account, error_id, at) where error_id <> '';
