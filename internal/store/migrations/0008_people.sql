-- +goose Up

-- Who signs in to the console. Times are microseconds since 1970, 0 where they have not come.

-- A person, who may have seats in several accounts and be an operator as well.
create table person (
    id         text {{bytewise}} not null primary key, -- per_…
    email      text {{bytewise}} not null, -- in lower case
    name       text   not null,
    password   text   not null, -- argon2id with its parameters; '': signs in elsewhere
    checked_at bigint not null, -- when the e-mail was proved to be theirs
    created_at bigint not null,
    changed_at bigint not null
);
create unique index person_email on person (email);

-- Who a person is at an OpenID provider.
create table person_identity (
    issuer     text {{bytewise}} not null,
    subject    text {{bytewise}} not null,
    person     text {{bytewise}} not null references person (id),
    created_at bigint not null,
    primary key (issuer, subject)
);
create index person_identity_person on person_identity (person);

-- '': nobody has taken the seat yet.
alter table account_member add column person text {{bytewise}} not null default '';
create index account_member_person on account_member (person) where person <> '';
alter table operator add column person text {{bytewise}} not null default '';
create index operator_person on operator (person) where person <> '';
alter table operator add column revoked_at bigint not null default 0;

-- closed_at: for good; charges are kept. cleared_at: all the rest of it is gone.
-- own_concurrency: what the account chose for itself below what it is given; 0: nothing.
alter table account add column closed_at bigint not null default 0;
alter table account add column cleared_at bigint not null default 0;
alter table account add column own_concurrency bigint not null default 0;
create index account_closing on account (id) where closed_at > 0 and cleared_at = 0;

-- Signed-in browsers. viewing: the account that an operator looks at, read-only; or ''.
create table person_session (
    id         text {{bytewise}} not null primary key, -- ses_…
    digest     {{bytes}} not null check (length(digest) = 32),
    person     text {{bytewise}} not null references person (id),
    viewing    text {{bytewise}} not null,
    created_at bigint not null,
    seen_at    bigint not null, -- to a few minutes
    expires_at bigint not null,
    address    text   not null,
    agent      text   not null
);
create unique index person_session_digest on person_session (digest);
create index person_session_person on person_session (person, created_at);
create index person_session_expires on person_session (expires_at);

-- Links that work once. kind: setup, invite, reset, check (of an e-mail).
create table person_link (
    digest     {{bytes}} not null primary key check (length(digest) = 32),
    kind       text   not null check (kind in ('setup', 'invite', 'reset', 'check')),
    person     text {{bytewise}} not null, -- of reset and check
    member     text {{bytewise}} not null, -- the seat of an invitation, or ''
    operator   text {{bytewise}} not null, -- whom an invitation or the set-up makes sign in, or ''
    email      text {{bytewise}} not null,
    inviter    text {{bytewise}} not null, -- the operator or member who invites, or ''
    proves     boolean not null, -- whoever uses it has shown that the e-mail is theirs
    created_at bigint not null,
    expires_at bigint not null,
    used_at    bigint not null
);
create index person_link_person on person_link (person) where person <> '';
create index person_link_member on person_link (member) where member <> '';
create index person_link_operator on person_link (operator) where operator <> '';
create index person_link_email on person_link (email);
create index person_link_expires on person_link (expires_at);

-- session: of a hidden key, which the console makes for a signed-in browser. It lives a
-- quarter of an hour and is never listed. '': an ordinary key.
alter table api_key add column session text {{bytewise}} not null default '';
create index api_key_session on api_key (session, created_at) where session <> '';
create index api_key_hidden on api_key (expires_at) where session <> '';

-- What an account is told by mail, and what it was told last.
create table account_alert (
    account  text {{bytewise}} not null references account (id),
    kind     text {{bytewise}} not null, -- balance (below an amount), budget (of a key: a share in percent was spent)
    ref      text {{bytewise}} not null, -- the key, or ''
    level    bigint not null, -- nano-US-dollars, or percent; negative: told of nothing
    told_at  bigint not null,
    told     text   not null, -- what it was told about, so that it is told once: a month, or a crossing
    primary key (account, kind, ref)
);
