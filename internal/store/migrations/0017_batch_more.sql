-- +goose Up

-- What a caller may say more of a batch, and what its lines took.
alter table batch add column idempotency_key text {{bytewise}};  -- null: none
alter table batch add column request_hash {{bytes}};             -- over what the caller asked for, where there is a key
alter table batch add column output_life bigint not null default 0;      -- microseconds that its files last; 0: as long as the batch
alter table batch add column model text not null default '';             -- that all lines name, or ''
alter table batch add column units_in bigint not null default 0;         -- tokens of the lines that were answered
alter table batch add column units_out bigint not null default 0;
alter table batch add column units_cached bigint not null default 0;     -- of units_in
alter table batch add column units_reasoning bigint not null default 0;  -- of units_out
alter table batch add column amount bigint not null default 0;           -- nano-US-dollars that they were charged
create unique index batch_idempotency on batch (account, idempotency_key) where idempotency_key is not null;

-- Of a line whose request was sent by somebody who did not live to tell what came of it, or
-- could not: it may be charged. What ends so without an answer is given back.
alter table batch_line add column unsure boolean not null default false;
update batch_line set unsure = true where request <> '';
