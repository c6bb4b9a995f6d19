-- +goose Up

-- Times are microseconds since 1970, 0 where they have not come.

-- Routers: models that stand for others. features: what requests a model can serve
-- besides text (words with spaces; '' is not known).
alter table catalog_model add column router text not null default '';            -- JSON, or ''
alter table catalog_model add column features text {{bytewise}} not null default '';
alter table catalog_target add column first_byte_timeout text not null default ''; -- durations, or ''
alter table catalog_target add column idle_timeout text not null default '';

-- What the Responses API keeps. A thread is a conversation: it begins with a response
-- that continues none, and all of it is kept as long as its youngest response.
create table response_thread (
    account    text {{bytewise}} not null,
    id         text {{bytewise}} not null, -- its first response
    expires_at bigint not null,
    primary key (account, id)
);
create index response_thread_expires on response_thread (expires_at);

-- One response that is stored, or that runs in the background. state: queued,
-- in_progress, completed, incomplete, failed, cancelled.
create table response (
    account    text {{bytewise}} not null,
    id         text {{bytewise}} not null,
    thread     text {{bytewise}} not null,
    previous   text {{bytewise}} not null, -- or ''
    api_key    text {{bytewise}} not null,
    model      text   not null, -- slug of the resolved model; '' until it is known
    state      text   not null check (state in ('queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled')),
    background boolean not null,
    body       text   not null, -- the response object as it was told last
    request    text   not null, -- of the background: what is to be done (JSON), '' once it is
    attempt    bigint not null, -- of the background: counts those who decide about it
    sequence   bigint not null, -- of the last event that is kept, -1 without any
    cancel_at  bigint not null, -- when its end was asked for
    beat_at    bigint not null, -- of the background: when it was queued or known to run last
    created_at bigint not null,
    ended_at   bigint not null,
    primary key (account, id)
);
create index response_member on response (account, thread);
create index response_running on response (beat_at) where state in ('queued', 'in_progress');
create index response_told on response (ended_at) where sequence >= 0 and ended_at > 0;

-- Items of responses: what went in (place below 0), and what came out. Those of a
-- response that is not stored stay for a short time, so that a caller can refer to them.
create table response_item (
    account    text {{bytewise}} not null,
    response   text {{bytewise}} not null,
    place      bigint not null, -- input: -N to -1; output: from 0
    id         text {{bytewise}} not null,
    body       text   not null, -- JSON
    expires_at bigint not null, -- 0: with the thread
    primary key (account, response, place)
);
create index response_item_id on response_item (account, id);
create index response_item_expires on response_item (expires_at) where expires_at > 0;

-- What a response in the background has told, for those who listen. A row is what was
-- told at one time, an event on each line: its sequence number, its name, its JSON.
create table response_event (
    account  text {{bytewise}} not null,
    response text {{bytewise}} not null,
    first    bigint not null, -- sequence number of the row's first event
    last     bigint not null,
    events   text   not null,
    primary key (account, response, first)
);
