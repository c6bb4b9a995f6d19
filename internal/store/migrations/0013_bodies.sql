-- +goose Up

-- How long bodies of requests are kept, for an account that asked for it; 0: none are.
alter table account add column keep_bodies bigint not null default 0; -- microseconds

-- Kept bodies of requests. The content, both bodies of a request in one file, is sealed by a
-- key of its own, which lies here, sealed itself: without the row nothing of it can be read.
-- Times are microseconds since 1970.
create table body (
    request       text {{bytewise}} not null primary key,
    account       text {{bytewise}} not null,
    at            bigint  not null, -- when the request came
    expires_at    bigint  not null,
    file          text {{bytewise}} not null, -- id in table file
    sealed_key    text    not null,
    streamed      boolean not null,
    request_bytes bigint  not null, -- as it was; what is kept may be less
    answer_bytes  bigint  not null
);
create index body_account on body (account, at, request);
create index body_expires on body (expires_at);
