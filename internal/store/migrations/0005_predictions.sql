-- +goose Up

-- Accounts: what their predictions need.
alter table account add column webhook_secret text not null default ''; -- sealed, or ''
alter table account add column retention bigint not null default -1;    -- microseconds; 0: for ever, -1: the server's default
alter table account add column concurrency bigint not null default 0;   -- 0: the server's default

-- Models: what a prediction needs.
alter table catalog_model add column input_schema text not null default '';
alter table catalog_model add column output_schema text not null default '';
alter table catalog_model add column deadline text not null default ''; -- a duration
alter table catalog_model add column concurrency bigint not null default 0;

-- One run of a prediction model, kept for the account's life. Times are microseconds
-- since 1970, 0 where they have not come.
create table prediction (
    id           text {{bytewise}} not null primary key, -- a UUID
    account      text {{bytewise}} not null,
    api_key      text {{bytewise}} not null,
    model        text {{bytewise}} not null, -- slug
    shown        text    not null, -- the model's name as the caller wrote it
    type         text    not null, -- image, video, …
    spelling     text    not null, -- of the word for cancelled: 'cancelled' or 'canceled'
    source       text    not null, -- api, cli, web
    stream       boolean not null,
    input        text    not null, -- JSON object; '{}' once the data is removed
    status       text    not null,
    version      bigint  not null, -- counts up with every change that a watcher must see
    created_at   bigint  not null,
    started_at   bigint  not null,
    completed_at bigint  not null,
    updated_at   bigint  not null,

    -- Idempotency. request_hash is over the caller's body.
    idempotency_key text,          -- null: none
    request_hash    {{bytes}} not null,

    -- The run. handed: it holds a place of its account and model. attempt counts the
    -- workers that took it; beat is the last sign of life of the newest of them, or, as
    -- long as none took it, when it was queued; 1 is a run that was handed back.
    handed       boolean not null,
    attempt      bigint  not null,
    beat         bigint  not null,
    cancel       boolean not null, -- somebody asked for its end
    target       text    not null, -- provider/upstream name that took it, or ''
    submission   text    not null, -- '', 'submitting', 'submitted'
    upstream     text    not null, -- the upstream's id of the work, or ''
    deadline     bigint  not null, -- when the run must have ended, 0 before it started

    -- What came of it.
    output       text    not null, -- JSON: null, a text, or another value; files are in table file
    error        text    not null,
    error_id     text    not null,
    logs         text    not null, -- the last lines
    progress     bigint  not null, -- thousandths of a percent, -1: unknown
    predict_time bigint  not null, -- microseconds, -1: unknown
    event_count  bigint  not null, -- rows in prediction_event
    purge_at     bigint  not null, -- when its data goes, 0: never or not yet known
    removed      boolean not null, -- its data is gone

    -- Webhook. Its body holds links, which need the address that the caller used.
    webhook_url    text not null,
    webhook_events text not null, -- the words of the subscriber, with spaces
    webhook_base   text not null, -- start of the links where public_url is unset
    webhook_key    text not null  -- the API key, sealed, until the last event is rendered
);
create index prediction_account on prediction (account, created_at, id);
create index prediction_model on prediction (account, model, created_at, id);
create index prediction_status on prediction (account, status, created_at, id);
create unique index prediction_idempotency on prediction (account, idempotency_key) where idempotency_key is not null;
create index prediction_waiting on prediction (account, created_at, id) where status = 'pending' and not handed;
create index prediction_waiting_model on prediction (model, account, created_at, id) where status = 'pending' and not handed;
create index prediction_running on prediction (beat) where handed;
create index prediction_purge on prediction (purge_at) where purge_at > 0;

-- How many predictions of an account, and of a model with a bound, hold a place; kind
-- is 'account' or 'model'. Whoever hands a place out or takes it back locks the row
-- first: accounts before models, each in the order of names.
create table prediction_lane (
    kind    text {{bytewise}} not null,
    name    text {{bytewise}} not null,
    handed  bigint not null,
    last_at bigint not null, -- when a place was last given out
    -- The account's prediction that stands in the queue before all later ones of other
    -- accounts, or '': each account has one, whatever its backlog.
    front   text {{bytewise}} not null,
    primary key (kind, name)
);

-- Ended predictions, for the totals of lists; those that run are few and counted.
create table prediction_count (
    account text {{bytewise}} not null,
    day     bigint not null, -- of creation, days since 1970 in UTC
    model   text {{bytewise}} not null,
    status  text {{bytewise}} not null,
    n       bigint not null,
    primary key (account, day, model, status)
);

-- News of a run that the prediction's own row does not keep: log lines and partial
-- outputs, in order.
create table prediction_event (
    prediction text {{bytewise}} not null,
    seq        bigint not null, -- from 1
    at         bigint not null,
    kind       text   not null, -- logs or output
    data       text   not null, -- JSON
    primary key (prediction, seq)
);

-- Files: uploads of callers, and what models made. The content is in the bucket under
-- the id. state: 'new' until what it belongs to is durable, 'kept', 'doomed' once its
-- content may go.
create table file (
    id         text {{bytewise}} not null primary key,
    account    text {{bytewise}} not null,
    prediction text {{bytewise}} not null, -- '' for an upload
    attempt    bigint not null, -- of the prediction's run that made it
    ordinal    bigint not null, -- its place among the outputs
    role       text   not null, -- upload, input, output, partial
    name       text   not null,
    type       text   not null, -- MIME type, found in the content
    size       bigint not null,
    purpose    text   not null,
    digest     {{bytes}} not null, -- SHA-256 of the content
    state      text   not null,
    created_at bigint not null,
    expires_at bigint not null -- 0: kept
);
create index file_account on file (account, created_at, id) where role = 'upload';
create index file_prediction on file (prediction, ordinal) where prediction <> '';
create index file_unkept on file (state, created_at) where state <> 'kept';
create index file_expires on file (expires_at) where expires_at > 0;

-- Webhook deliveries: body and signature are fixed when the event happens. state:
-- pending, sending, delivered, given_up, superseded.
create table webhook_delivery (
    id         text {{bytewise}} not null primary key,
    account    text {{bytewise}} not null,
    prediction text {{bytewise}} not null,
    seq        bigint not null, -- order within the prediction, from 1
    event      text   not null, -- the subscriber's word
    terminal   boolean not null,
    url        text   not null,
    host       text {{bytewise}} not null,
    body       {{bytes}} not null,
    signature  text   not null,
    state      text   not null,
    attempts   bigint not null,
    created_at bigint not null,
    next_at    bigint not null -- 0: not to be tried yet, or any more; while sending: end of the lease
);
create unique index webhook_delivery_prediction on webhook_delivery (prediction, seq);
create index webhook_delivery_open on webhook_delivery (prediction, seq) where state in ('pending', 'sending');
create index webhook_delivery_sending on webhook_delivery (next_at) where state = 'sending';
create index webhook_delivery_created on webhook_delivery (created_at);

create table webhook_attempt (
    delivery text {{bytewise}} not null references webhook_delivery (id) on delete cascade,
    n        bigint not null,
    at       bigint not null,
    status   bigint not null, -- 0: no answer
    took     bigint not null, -- microseconds
    error    text   not null,
    answer   text   not null, -- its first KiB
    primary key (delivery, n)
);
