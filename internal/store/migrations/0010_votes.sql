-- +goose Up

-- "Was this helpful?" under the pages of the explorer. voter: a digest of who voted and
-- of a secret, so that a vote can be changed and nobody is known by it.
create table page_vote (
    page   text {{bytewise}} not null,
    voter  text {{bytewise}} not null,
    useful boolean not null,
    note   text   not null, -- what was missing, or ''
    at     bigint not null,
    primary key (page, voter)
);
create index page_vote_at on page_vote (at);
