-- +goose Up

-- Amounts are nano-US-dollars; times are microseconds since 1970, 0 where they have not
-- come.

-- Accounts: tier is the operator's choice, auto_tier what the spending of this month or
-- the last one has reached (1 and up). draw_order: kinds of credit with spaces.
alter table account add column tier text not null default '';           -- '' follows auto_tier
alter table account add column auto_tier bigint not null default 1;

-- People of an account. role: owner, developer, billing, viewer.
create table account_member (
    id         text {{bytewise}} not null primary key,
    account    text {{bytewise}} not null references account (id),
    name       text   not null,
    email      text {{bytewise}} not null, -- in lower case, or ''
    role       text   not null check (role in ('owner', 'developer', 'billing', 'viewer')),
    created_at bigint not null,
    removed_at bigint not null
);
create index account_member_account on account_member (account, created_at, id);
create unique index account_member_email on account_member (account, email) where email <> '' and removed_at = 0;

-- Keys: who made it (its scopes are never more than the member's role allows), where
-- from and for what it may be used (words with spaces, '' for all), and what it may spend
-- in a month.
alter table api_key add column member text {{bytewise}} not null default ''; -- '': an operator
alter table api_key add column addresses text not null default '';
alter table api_key add column models text not null default '';
alter table api_key add column budget bigint not null default -1;       -- -1: none
alter table api_key add column rotated_to text {{bytewise}} not null default '';
alter table api_key add column last_used_at bigint not null default 0;  -- to a few minutes

create index api_key_member on api_key (member) where member <> '';

-- Nobody changes the audit trail.
create index audit_actor on audit (actor, seq);
create index audit_action on audit (action, seq);
-- +goose StatementBegin
{{sqlite}} create trigger audit_is_not_changed before update on audit begin select raise(abort, 'the audit trail only grows'); end;
{{postgres}} create rule audit_is_not_changed as on update to audit do instead nothing;
-- +goose StatementEnd
-- +goose StatementBegin
{{sqlite}} create trigger audit_is_not_deleted before delete on audit begin select raise(abort, 'the audit trail only grows'); end;
{{postgres}} create rule audit_is_not_deleted as on delete to audit do instead nothing;
-- +goose StatementEnd

-- Prices. A version never changes: an old charge is explained by it for good.
create table price (
    version bigint not null primary key, -- from 1
    model   text {{bytewise}} not null,
    at      bigint not null,
    actor   text   not null,
    spec    text   not null -- JSON of the operator's pricing
);
create index price_model on price (model, version);

alter table catalog_model add column pricing text not null default '';   -- JSON, or ''
alter table catalog_model add column price_version bigint not null default 0;
alter table catalog_model add column edge boolean not null default false;
alter table catalog_target add column cost text not null default '';     -- JSON: what the upstream takes

-- The accounts that may use a private model.
create table catalog_grant (
    model   text {{bytewise}} not null references catalog_model (slug) on delete cascade,
    account text {{bytewise}} not null,
    primary key (model, account)
);

-- A purse is what credit is taken from: an account, or a key's budget of one month. Who
-- promises credit locks its row first (accounts before keys, each in the order of ids).
create table purse (
    id          text {{bytewise}} not null primary key, -- acct_…, or key_…/2026-11
    kind        text   not null check (kind in ('account', 'key')),
    owner       text {{bytewise}} not null, -- the account
    credit_line bigint not null, -- how far below zero an account may go
    draw_order  text   not null, -- kinds of buckets, with spaces
    held        bigint not null, -- sum of the open holds
    seq         bigint not null, -- numbers the buckets of the purse
    earlier     bigint not null default 0, -- of a key's: charged in the month before there was a budget
    created_at  bigint not null
);

-- What a purse is made of. Of kind sponsored there may be several, each of which may
-- expire; deposited and payg are one each. The balance of payg is what is owed: 0 or
-- less. A key's purse has one bucket of kind budget: what is left of it.
create table bucket (
    id         text {{bytewise}} not null primary key, -- PURSE:KIND or PURSE:sponsored:N
    purse      text {{bytewise}} not null references purse (id),
    kind       text   not null check (kind in ('sponsored', 'deposited', 'payg', 'budget')),
    seq        bigint not null,
{{sqlite}}    balance    bigint not null check (typeof(balance) = 'integer'), -- a sum too large becomes a float there
{{postgres}}    balance    bigint not null,
    expires_at bigint not null, -- 0: never
    created_at bigint not null
);
create index bucket_purse on bucket (purse, seq);
create index bucket_expires on bucket (expires_at) where expires_at > 0 and balance > 0;

-- Every movement of money: from one place to another. Places are buckets of accounts, or
-- one of the instance's own: revenue, granted, expired, payment:stripe, …  Transfers are
-- named by what caused them; the same name twice is the same transfer.
create table posting (
    transfer text {{bytewise}} not null,
    source   text {{bytewise}} not null,
    dest     text {{bytewise}} not null,
    amount   bigint not null check (amount > 0),
    at       bigint not null,
    primary key (transfer, source, dest)
{{sqlite}} ) without rowid;
{{postgres}} );
create index posting_source on posting (source, at);
create index posting_dest on posting (dest, at) where dest <> 'revenue';

-- What a transfer that is no batch of charges was: its kind, its reason, its cause, and a
-- hash of what was asked, so that the same name with another content is refused.
create table transfer (
    id      text {{bytewise}} not null primary key,
    kind    text   not null, -- grant, deposit, refund, dispute, expiry, adjustment, prediction
    account text {{bytewise}} not null,
    amount  bigint not null,
    at      bigint not null,
    actor   text   not null,
    reason  text   not null,
    ref     text   not null, -- of the cause, elsewhere
    digest  {{bytes}} not null
);
create index transfer_account on transfer (account, at);

-- Credit of a purse's bucket that one process may promise. amount - used is what it still
-- may; used may be more where a late charge came. state: live, ended.
create table lease (
    id         text {{bytewise}} not null primary key,
    purse      text {{bytewise}} not null,
    bucket     text {{bytewise}} not null,
    replica    text {{bytewise}} not null,
    amount     bigint not null,
    used       bigint not null,
    state      text   not null check (state in ('live', 'ended')),
    recall     bigint not null, -- when others asked for what is idle; 0: nobody
    created_at bigint not null,
    expires_at bigint not null
);
create index lease_purse on lease (purse) where state = 'live';
create index lease_replica on lease (replica) where state = 'live';
create index lease_expires on lease (expires_at) where state = 'live';
create index lease_ended on lease (expires_at) where state = 'ended'; -- to delete old ones

-- Credit that waits for the end of a prediction. The row never changes; its end is a row
-- of hold_end.
create table hold (
    id         text {{bytewise}} not null primary key, -- the prediction
    purse      text {{bytewise}} not null,
    key_purse  text {{bytewise}} not null, -- or ''
    account    text {{bytewise}} not null,
    api_key    text {{bytewise}} not null,
    model      text   not null,
    amount     bigint not null,
    created_at bigint not null,
    expires_at bigint not null
);
create index hold_purse on hold (purse);
create index hold_expires on hold (expires_at);
create table hold_end (
    hold   text {{bytewise}} not null primary key,
    how    text   not null check (how in ('settled', 'void', 'expired')),
    amount bigint not null, -- charged
    at     bigint not null
);

-- Charges: what explains the amount besides the tokens, and our own cost.
alter table charge_line add column kind text not null default 'tokens';     -- tokens or prediction
alter table charge_line add column quantity bigint not null default 0;      -- millionths of unit
alter table charge_line add column unit text not null default '';
alter table charge_line add column rate bigint not null default 0;          -- of one unit, as the criterion chose it
alter table charge_line add column cost bigint not null default 0;          -- what the upstream took
alter table charge_line add column budget text {{bytewise}} not null default ''; -- the purse of the key's budget that it was taken from, or ''
create index charge_line_key on charge_line (api_key, at) where amount > 0;

alter table prediction add column amount bigint not null default 0;         -- charged
alter table prediction add column price_version bigint not null default 0;  -- at its creation
alter table prediction add column quote text not null default '';           -- JSON: rates that its input chose

-- Limits besides those of the tier. subject: an account or a key. '' in surface, route
-- and model: each of them apart; '*' in model: all models together. -1: not limited.
create table limit_rule (
    id          text {{bytewise}} not null primary key,
    account     text {{bytewise}} not null,
    api_key     text {{bytewise}} not null, -- '': the account's
    surface     text {{bytewise}} not null,
    route       text {{bytewise}} not null,
    model       text {{bytewise}} not null,
    requests    bigint not null,
    tokens_in   bigint not null,
    tokens_out  bigint not null,
    concurrency bigint not null,
    created_at  bigint not null
);
create unique index limit_rule_scope on limit_rule (account, api_key, surface, route, model);

-- All that an account had spent when a month began (to the minute), for its tier.
create table spend_month (
    account text {{bytewise}} not null,
    month   text {{bytewise}} not null, -- 2026-11
    before  bigint not null,
    spent   bigint not null, -- in the month, as last looked at
    primary key (account, month)
);

-- Payments: a checkout that was begun, and the processor's events that were dealt with.
create table checkout (
    id         text {{bytewise}} not null primary key, -- chk_…
    account    text {{bytewise}} not null,
    processor  text   not null,
    session    text {{bytewise}} not null, -- the processor's id, '' until it is known
    payment    text {{bytewise}} not null, -- likewise, of the payment
    amount     bigint not null,
    state      text   not null check (state in ('open', 'paid', 'failed', 'expired')),
    refunded   bigint not null,
    disputed   bigint not null,
    created_at bigint not null,
    changed_at bigint not null
);
create index checkout_account on checkout (account, created_at, id);
create unique index checkout_session on checkout (processor, session) where session <> '';
create index checkout_payment on checkout (processor, payment) where payment <> '';
create table payment_event (
    processor text {{bytewise}} not null,
    id        text {{bytewise}} not null,
    kind      text   not null,
    payment   text {{bytewise}} not null, -- the processor's ids of what it is about, or ''
    dispute   text {{bytewise}} not null,
    amount    bigint not null,
    at        bigint not null,
    outcome   text   not null,
    primary key (processor, id)
);
create index payment_event_payment on payment_event (processor, payment) where payment <> '';
