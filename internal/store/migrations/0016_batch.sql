-- +goose Up

-- Batches: the many requests of a file, answered when there is time. Times are microseconds
-- since 1970 by the database's clock, 0 where they have not come.
create table batch (
    id             text {{bytewise}} not null primary key,
    account        text {{bytewise}} not null,
    api_key        text {{bytewise}} not null, -- id of the key whose rights the lines have
    endpoint       text   not null,
    time_window    text   not null, -- as the caller wrote it
    input_file     text {{bytewise}} not null,
    output_file    text {{bytewise}} not null, -- or ''
    error_file     text {{bytewise}} not null, -- or ''
    metadata       text   not null, -- a JSON object, or ''
    state          text   not null check (state in ('validating', 'failed', 'in_progress', 'finalizing', 'completed', 'expired', 'cancelling', 'cancelled')),
    problems       text   not null, -- what is wrong with the input: a JSON list, or ''
    lines          bigint not null, -- known once the input is found good
    completed      bigint not null,
    failed         bigint not null,
    created_at     bigint not null,
    started_at     bigint not null,
    finalizing_at  bigint not null,
    cancelling_at  bigint not null,
    ended_at       bigint not null,
    expires_at     bigint not null, -- the end of its window
    purge_at       bigint not null, -- when it goes
    cleared        boolean not null, -- of one that has ended: its lines are deleted
    -- Who checks the input, or writes the files. Lines have runners of their own.
    runner         text {{bytewise}} not null, -- or ''
    lease_until    bigint not null
);
create index batch_account on batch (account, created_at, id);
create index batch_open on batch (created_at, id) where ended_at = 0;
create index batch_input on batch (input_file) where ended_at = 0;
create index batch_uncleared on batch (ended_at) where ended_at > 0 and not cleared;
create index batch_purge on batch (purge_at) where purge_at > 0;

-- The lines of batches that have not ended. Their answers lie here until the files are
-- written. state: waiting, running, done.
create table batch_line (
    batch       text {{bytewise}} not null,
    line        bigint not null, -- its number in the file, from 1
    custom_id   text   not null,
    place       bigint not null, -- where it begins in the file, in bytes
    size        bigint not null, -- in bytes
    request     text {{bytewise}} not null, -- the request's id, which names its charge; '' until it is taken first
    state       text   not null check (state in ('waiting', 'running', 'done')),
    taken       bigint not null, -- how often it was taken, but for times when it was given back
    again_at    bigint not null, -- it waits until then
    runner      text {{bytewise}} not null, -- who runs it, or ''
    lease_until bigint not null,
    ok          boolean not null,
    status      bigint not null, -- of the answer, or 0
    answer      {{bytes}}, -- JSON on one line: the answer's body; where status is 0, an error; null until then
    primary key (batch, line)
);
create index batch_line_waiting on batch_line (batch, line) where state = 'waiting';
create index batch_line_running on batch_line (batch, line) where state = 'running';
