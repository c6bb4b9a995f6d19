pragma foreign_keys = off;
begin;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (1, 0, 1, '2026-11-26 06:12:07');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (2, 1, 1, '2026-11-26 06:12:07');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (3, 2, 1, '2026-11-26 06:12:07');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (4, 3, 1, '2026-11-26 06:12:07');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (5, 4, 1, '2026-11-26 06:12:07');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (6, 5, 1, '2026-11-26 06:12:07');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (7, 6, 1, '2026-11-26 06:12:07');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (8, 7, 1, '2026-11-26 06:12:08');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (9, 8, 1, '2026-11-26 06:12:08');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (10, 9, 1, '2026-11-26 06:12:08');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (11, 10, 1, '2026-11-26 06:12:08');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (12, 11, 1, '2026-11-26 06:12:08');
CREATE TABLE schema_info (
    key   text not null primary key,
    value text not null
);
insert into "schema_info" ("key", "value") values ('change_trimmed', '0');
insert into "schema_info" ("key", "value") values ('oldest_version', '1');
CREATE TABLE change (
    seq  integer primary key autoincrement,
    kind text   not null,
    ref  text   not null,
    at   bigint not null -- microseconds since 1970
);
insert into "change" ("seq", "kind", "ref", "at") values (1, 'operator', 'opk_srckpjqvhv5yguheic3qqrhbp5', 1795673532185230);
insert into "change" ("seq", "kind", "ref", "at") values (2, 'account', 'acct_kvew2ice7uhjixuzjywbiag2wf', 1795673532185230);
insert into "change" ("seq", "kind", "ref", "at") values (3, 'key', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 1795673532185230);
insert into "change" ("seq", "kind", "ref", "at") values (4, 'key', 'key_aurerhytcq5jznfzsfwzqoobu4', 1795673542101816);
insert into "change" ("seq", "kind", "ref", "at") values (5, 'catalog', '1', 1795673542711177);
insert into "change" ("seq", "kind", "ref", "at") values (6, 'catalog', '2', 1795673542985962);
insert into "change" ("seq", "kind", "ref", "at") values (7, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_cfd90fc1d924b0387bda2c177bf40b84', 1795673545709506);
insert into "change" ("seq", "kind", "ref", "at") values (8, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_cfd90fc1d924b0387bda2c177bf40b84', 1795673545725568);
insert into "change" ("seq", "kind", "ref", "at") values (9, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_10b884322bec15bdb158e4c4cf5a7ead', 1795673547995772);
insert into "change" ("seq", "kind", "ref", "at") values (10, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_10b884322bec15bdb158e4c4cf5a7ead', 1795673548102013);
insert into "change" ("seq", "kind", "ref", "at") values (11, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_10b884322bec15bdb158e4c4cf5a7ead', 1795673548598536);
insert into "change" ("seq", "kind", "ref", "at") values (12, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_10b884322bec15bdb158e4c4cf5a7ead', 1795673549098404);
insert into "change" ("seq", "kind", "ref", "at") values (13, 'response_stop', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_10b884322bec15bdb158e4c4cf5a7ead', 1795673549302564);
insert into "change" ("seq", "kind", "ref", "at") values (14, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_10b884322bec15bdb158e4c4cf5a7ead', 1795673549312817);
insert into "change" ("seq", "kind", "ref", "at") values (15, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673549489976);
insert into "change" ("seq", "kind", "ref", "at") values (16, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673549596025);
insert into "change" ("seq", "kind", "ref", "at") values (17, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673550101875);
insert into "change" ("seq", "kind", "ref", "at") values (18, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673550610022);
insert into "change" ("seq", "kind", "ref", "at") values (19, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673551095659);
insert into "change" ("seq", "kind", "ref", "at") values (20, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673551595862);
insert into "change" ("seq", "kind", "ref", "at") values (21, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673552100415);
insert into "change" ("seq", "kind", "ref", "at") values (22, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673552598498);
insert into "change" ("seq", "kind", "ref", "at") values (23, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673553102317);
insert into "change" ("seq", "kind", "ref", "at") values (24, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673553595456);
insert into "change" ("seq", "kind", "ref", "at") values (25, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673554096580);
insert into "change" ("seq", "kind", "ref", "at") values (26, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673554596188);
insert into "change" ("seq", "kind", "ref", "at") values (27, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673555096752);
insert into "change" ("seq", "kind", "ref", "at") values (28, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673555596414);
insert into "change" ("seq", "kind", "ref", "at") values (29, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673556096623);
insert into "change" ("seq", "kind", "ref", "at") values (30, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673556595691);
insert into "change" ("seq", "kind", "ref", "at") values (31, 'response', 'acct_kvew2ice7uhjixuzjywbiag2wf/resp_0ea261c08ffaaf804e2ec4002d0d436e', 1795673557053923);
CREATE TABLE account (
    id             text collate binary not null primary key,
    name           text   not null,
    suspend_reason text   not null default '',
    created_at     bigint not null,
    suspended_at   bigint, -- null: not suspended
    changed_at     bigint  -- null: never changed since
, webhook_secret text not null default '', retention bigint not null default -1, concurrency bigint not null default 0, tier text not null default '', auto_tier bigint not null default 1, closed_at bigint not null default 0, cleared_at bigint not null default 0, own_concurrency bigint not null default 0);
insert into "account" ("id", "name", "suspend_reason", "created_at", "suspended_at", "changed_at", "webhook_secret", "retention", "concurrency", "tier", "auto_tier", "closed_at", "cleared_at", "own_concurrency") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'Default', '', 1795673532184194, NULL, NULL, '', -1, 0, '', 1, 0, 0, 0);
CREATE TABLE api_key (
    id         text collate binary not null primary key,
    account    text collate binary not null references account (id),
    name       text      not null,
    digest     blob not null check (length(digest) = 32),
    masked     text      not null,
    scopes     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
, member text collate binary not null default '', addresses text not null default '', models text not null default '', budget bigint not null default -1, rotated_to text collate binary not null default '', last_used_at bigint not null default 0, session text collate binary not null default '');
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_aurerhytcq5jznfzsfwzqoobu4', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'second', X'D8D16B0E859AA461FCB8E35B4DD72986B3AFBF934EF08D4093BA15C593A8403D', 'sk-U5Tq…UWvs', '*', 1795673542095722, NULL, NULL, '', '', '', 5000000000, '', 0, '');
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_fskidxcomu5tbha5vq3qptnegm', 'acct_kvew2ice7uhjixuzjywbiag2wf', '', X'D688D15C647EBB2B5B4CAD962804E1881F56021450133EC0E887618966A3159E', 'sk-AaLH…U1hj', 'models:read predictions:read predictions:create inference files usage:read billing:read billing:write', 1795673553018161, 1795674453018161, NULL, 'mem_xxyb7nvfwxrxpjbvboku6eko5i', '', '', -1, '', 0, 'ses_2xdisuwpioehzd6uyxf2frfg6s');
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_xc4rh2ghegr5eql2jvxwyyufsy', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'First key', X'DC1D696523C61C2B3E5385E214363AC020D9D50B9C96253A8D103291A37DC4E1', 'sk-mopl…Raxc', '*', 1795673532184217, NULL, NULL, '', '', '', -1, '', 0, '');
CREATE TABLE operator (
    id         text collate binary not null primary key,
    name       text   not null,
    role       text   not null check (role in ('operator', 'auditor')),
    created_at bigint not null
, person text collate binary not null default '', revoked_at bigint not null default 0);
insert into "operator" ("id", "name", "role", "created_at", "person", "revoked_at") values ('opr_ekwloti6hfx5uuaieotab2ouh5', 'First operator', 'operator', 1795673532184181, 'per_y7elpwk3gic4lo6udvcgch6is5', 0);
CREATE TABLE operator_key (
    id         text collate binary not null primary key,
    operator   text collate binary not null references operator (id),
    digest     blob not null check (length(digest) = 32),
    masked     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
);
insert into "operator_key" ("id", "operator", "digest", "masked", "created_at", "expires_at", "revoked_at") values ('opk_srckpjqvhv5yguheic3qqrhbp5', 'opr_ekwloti6hfx5uuaieotab2ouh5', X'299819C5ABA273AFD07B36D7A156CECABC542AEEB731877AF4F59F523E29507A', 'op-r60L…yODk', 1795673532184181, NULL, NULL);
CREATE TABLE account_once (
    act text   not null primary key,
    at  bigint not null
);
insert into "account_once" ("act", "at") values ('bootstrap', 1795673532184263);
CREATE TABLE audit (
    seq     integer primary key autoincrement,
    at      bigint not null,
    actor   text   not null, -- id of the operator, or "system"
    action  text   not null, -- such as key.revoke
    subject text collate binary not null, -- id of what was acted on
    detail  text   not null default ''
);
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (1, 1795673532184470, 'system', 'operator.create', 'opr_ekwloti6hfx5uuaieotab2ouh5', 'operator');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (2, 1795673532184587, 'system', 'account.create', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'Default');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (3, 1795673532184711, 'system', 'key.create', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'acct_kvew2ice7uhjixuzjywbiag2wf');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (4, 1795673541628224, 'opr_ekwloti6hfx5uuaieotab2ouh5', 'credit.grant', 'acct_kvew2ice7uhjixuzjywbiag2wf', '10.00 USD: Welcome');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (5, 1795673542101785, 'opr_ekwloti6hfx5uuaieotab2ouh5', 'key.create', 'key_aurerhytcq5jznfzsfwzqoobu4', 'acct_kvew2ice7uhjixuzjywbiag2wf');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (6, 1795673542710221, 'opr_ekwloti6hfx5uuaieotab2ouh5', 'provider.put', 'up', 'kind: (none) → openai; base_url: (none) → http://127.0.0.1:7411/v1; responses: (none) → auto; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (7, 1795673542710221, 'opr_ekwloti6hfx5uuaieotab2ouh5', 'model.put', 'auto', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; router: (none) → {"policy":"cheapest","sticky":"auto","rules":[{"when":{"tools":true},"policy":"fixed","models":["big"]}]}; open: (none) → true; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (8, 1795673542710221, 'opr_ekwloti6hfx5uuaieotab2ouh5', 'model.put', 'big', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":2,"output":8}; context_length: (none) → 128000; targets: (none) → [{"provider":"up","model":"big","weight":1,"first_byte_timeout":"20s","idle_timeout":"10s"}]; features: (none) → text, tools, images, json_schema; open: (none) → true; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (9, 1795673542710221, 'opr_ekwloti6hfx5uuaieotab2ouh5', 'model.put', 'small', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":0.5,"output":1}; targets: (none) → [{"provider":"up","model":"down","weight":1},{"provider":"up","model":"small","priority":1,"weight":1,"cost":{"currency"…; features: (none) → text; open: (none) → true; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (10, 1795673542710221, 'opr_ekwloti6hfx5uuaieotab2ouh5', 'settings.put', 'default_chat', 'default_chat: (none) → small');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (11, 1795673542984031, 'opr_ekwloti6hfx5uuaieotab2ouh5', 'model.put', 'deepbrain-router', 'router: (none) → {"policy":"fixed","models":["small","big"],"sticky":"auto"}');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (12, 1795673552587195, 'per_y7elpwk3gic4lo6udvcgch6is5', 'person.create', 'per_y7elpwk3gic4lo6udvcgch6is5', '');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (13, 1795673552587299, 'per_y7elpwk3gic4lo6udvcgch6is5', 'operator.join', 'opr_ekwloti6hfx5uuaieotab2ouh5', 'per_y7elpwk3gic4lo6udvcgch6is5');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (14, 1795673552587505, 'per_y7elpwk3gic4lo6udvcgch6is5', 'member.create', 'mem_xxyb7nvfwxrxpjbvboku6eko5i', 'account: acct_kvew2ice7uhjixuzjywbiag2wf, role: owner');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (15, 1795673552587639, 'per_y7elpwk3gic4lo6udvcgch6is5', 'member.join', 'mem_xxyb7nvfwxrxpjbvboku6eko5i', 'account: acct_kvew2ice7uhjixuzjywbiag2wf');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (16, 1795673552593023, 'per_y7elpwk3gic4lo6udvcgch6is5', 'session.start', 'per_y7elpwk3gic4lo6udvcgch6is5', 'ses_2xdisuwpioehzd6uyxf2frfg6s');
CREATE TABLE catalog_revision (
    id       bigint not null primary key check (id = 1),
    revision bigint not null
);
insert into "catalog_revision" ("id", "revision") values (1, 2);
CREATE TABLE catalog_provider (
    name              text collate binary not null primary key,
    kind              text   not null,
    base_url          text   not null,
    credential        text   not null,
    credential_sealed text   not null,
    fetch_inputs      text   not null,
    responses         text   not null,
    managed           text   not null, -- the file that manages it, or ''
    created_at        bigint not null  -- microseconds since 1970
);
insert into "catalog_provider" ("name", "kind", "base_url", "credential", "credential_sealed", "fetch_inputs", "responses", "managed", "created_at") values ('up', 'openai', 'http://127.0.0.1:7411/v1', '', '', '', 'auto', 'r.yaml', 1795673542710063);
CREATE TABLE catalog_model (
    slug           text collate binary not null primary key,
    ordinal        bigint  not null, -- order of creation
    builtin        boolean not null,
    name           text    not null,
    description    text    not null,
    type           text    not null,
    api            text    not null,
    privacy        text    not null,
    img_url        text    not null,
    vendor         text    not null, -- JSON object, or ''
    capabilities   text    not null, -- JSON array, or ''
    free           boolean not null,
    offline        boolean not null,
    max_output     bigint  not null,
    context_length bigint  not null,
    managed        text    not null,
    created_at     bigint  not null
, input_schema text not null default '', output_schema text not null default '', deadline text not null default '', concurrency bigint not null default 0, pricing text not null default '', price_version bigint not null default 0, edge boolean not null default false, router text not null default '', features text collate binary not null default '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('auto', 3, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r.yaml', 1795673542710063, '', '', '', 0, '', 0, 0, '{"policy":"cheapest","sticky":"auto","rules":[{"when":{"tools":true},"policy":"fixed","models":["big"]}]}', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('big', 2, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 128000, 'r.yaml', 1795673542710063, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":2,"output":8}', 1, 0, '', 'text tools images json_schema');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('deepbrain-router', 4, 1, '', '', '', '', '', '', '', '', 0, 0, 0, 0, '', 1793491200000000, '', '', '', 0, '', 0, 0, '{"policy":"fixed","models":["small","big"],"sticky":"auto"}', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('small', 1, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r.yaml', 1795673542710063, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":0.5,"output":1}', 2, 0, '', 'text');
CREATE TABLE catalog_name (
    folded   text collate binary not null primary key,
    name     text collate binary not null,
    model    text collate binary not null references catalog_model (slug) on delete cascade,
    position bigint not null
);
insert into "catalog_name" ("folded", "name", "model", "position") values ('auto', 'auto', 'auto', 0);
insert into "catalog_name" ("folded", "name", "model", "position") values ('big', 'big', 'big', 0);
insert into "catalog_name" ("folded", "name", "model", "position") values ('deepbrain-router', 'deepbrain-router', 'deepbrain-router', 0);
insert into "catalog_name" ("folded", "name", "model", "position") values ('small', 'small', 'small', 0);
CREATE TABLE catalog_target (
    model        text collate binary not null references catalog_model (slug) on delete cascade,
    position     bigint not null,
    provider     text collate binary not null,
    upstream     text   not null,
    priority     bigint not null,
    weight       bigint not null,
    fetch_inputs text   not null, cost text not null default '', first_byte_timeout text not null default '', idle_timeout text not null default '',
    primary key (model, position)
);
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs", "cost", "first_byte_timeout", "idle_timeout") values ('big', 0, 'up', 'big', 0, 1, '', '', '20s', '10s');
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs", "cost", "first_byte_timeout", "idle_timeout") values ('small', 0, 'up', 'down', 0, 1, '', '', '', '');
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs", "cost", "first_byte_timeout", "idle_timeout") values ('small', 1, 'up', 'small', 1, 1, '', '{"currency":"USD","unit":"million_token","input":0.1,"output":0.2}', '', '');
CREATE TABLE catalog_default (
    api   text collate binary not null primary key,
    model text collate binary not null
);
insert into "catalog_default" ("api", "model") values ('chat', 'small');
CREATE TABLE charge_batch (
    id    text collate binary not null primary key,
    at    bigint not null, -- microseconds since 1970
    lines bigint not null
 ) without rowid;
insert into "charge_batch" ("id", "at", "lines") values ('hoih1djhhj-29uf8s4br988', 1795673544605767, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoih1dsx5h-ij6tmo84i7su', 1795673545045973, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoih1dx868-3lm3qfqvsncfc', 1795673545246880, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoih1e2zwj-21950xfbv6e6n', 1795673545516099, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoih1e7fta-2oq214wsfsps1', 1795673545723342, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoih1gcc65-1dgff8mjpvw64', 1795673549311133, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoih1ky7q1-1z6qaou3lpuxi', 1795673557050265, 1);
CREATE TABLE charge_line (
    request       text collate binary not null primary key,
    batch         text collate binary not null,
    at            bigint  not null,
    account       text collate binary not null,
    api_key       text collate binary not null,
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
, kind text not null default 'tokens', quantity bigint not null default 0, unit text not null default '', rate bigint not null default 0, cost bigint not null default 0, budget text collate binary not null default '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8b7qnv1hkrn0m92a0t19ay2', 'hoih1djhhj-29uf8s4br988', 1795673544605732, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'small', 'up/small', 2, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8b7qp7ssnk7ykj2dxnyvmc1', 'hoih1dsx5h-ij6tmo84i7su', 1795673545045945, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'small', 'up/small', 2, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8b7qpgqbcmfszcz25kj922x', 'hoih1dx868-3lm3qfqvsncfc', 1795673545246834, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8b7qpsa29zp608v02bka0k3', 'hoih1e2zwj-21950xfbv6e6n', 1795673545516080, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_0ea261c08ffaaf804e2ec4002d0d436e', 'hoih1ky7q1-1z6qaou3lpuxi', 1795673557045940, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_10b884322bec15bdb158e4c4cf5a7ead', 'hoih1gcc65-1dgff8mjpvw64', 1795673549306420, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', 'up/big', 1, 19, 3, 0, 0, 62000, 1, 'hang_up', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_cfd90fc1d924b0387bda2c177bf40b84', 'hoih1e7fta-2oq214wsfsps1', 1795673545717541, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
CREATE TABLE request_log (
    request    text collate binary not null,
    at         bigint  not null,
    method     text    not null,
    route      text    not null,
    path       text    not null,
    status     bigint  not null,
    outcome    text    not null,
    error_id   text    not null,
    account    text collate binary not null,
    api_key    text collate binary not null,
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
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qjmgnx5e7xntqv8rrfy9', 1795673541264736, 'GET', '/admin/v1/accounts', '/admin/v1/accounts', 200, 'ok', '', 'operator', 'opk_srckpjqvhv5yguheic3qqrhbp5', '', '', 0, 0, 0, 213, 1516, 1524, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qjzv55nqfcezb3mpnabm', 1795673541627796, 'POST', '/admin/v1/accounts/{id}/credit', '/admin/v1/accounts/acct_kvew2ice7uhjixuzjywbiag2wf/credit', 200, 'ok', '', 'operator', 'opk_srckpjqvhv5yguheic3qqrhbp5', '', '', 0, 0, 51, 253, 12907, 12915, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qkecb7v7d3q7s8gkyh01', 1795673542092501, 'POST', '/admin/v1/keys', '/admin/v1/keys', 200, 'ok', '', 'operator', 'opk_srckpjqvhv5yguheic3qqrhbp5', '', '', 0, 0, 28, 431, 25011, 25342, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qm1e20maen7eh3na2mnr', 1795673542702686, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_srckpjqvhv5yguheic3qqrhbp5', '', '', 0, 0, 816, 1558, 1719, 1725, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qm1nk1z586nm9mhc0zvk', 1795673542709474, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_srckpjqvhv5yguheic3qqrhbp5', '', '', 0, 0, 801, 1559, 16291, 16453, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qma1cnzse5r55019hk7k', 1795673542977608, 'GET', '/admin/v1/models', '/admin/v1/models', 200, 'ok', '', 'operator', 'opk_srckpjqvhv5yguheic3qqrhbp5', '', '', 0, 0, 0, 3142, 711, 744, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qma4xhjr2tj68h9qerzd', 1795673542980532, 'PUT', '/admin/v1/models/{slug}', '/admin/v1/models/deepbrain-router', 200, 'ok', '', 'operator', 'opk_srckpjqvhv5yguheic3qqrhbp5', '', '', 0, 0, 159, 175, 36032, 36047, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qmhhsvgvjqr9gbc45h0c', 1795673543217499, 'POST', '/v1/predictions', '/v1/predict', 200, 'ok', '', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'skytower-upscale-2x', '', 0, 0, 446, 1268, 21174, 21184, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qnv1hkrn0m92a0t19ay2', 1795673544545827, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'small', 'up/small', 7, 9, 60, 273, 63747, 63767, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qp7ssnk7ykj2dxnyvmc1', 1795673544953169, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'small', 'up/small', 7, 9, 55, 1030, 120591, 120713, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qpgqbcmfszcz25kj922x', 1795673545239277, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', 'up/big', 7, 9, 106, 1041, 19360, 19374, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qpsa29zp608v02bka0k3', 1795673545514335, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', 'up/big', 7, 9, 37, 1021, 23599, 23624, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qpynvww5ts10cz0x0e45', 1795673545685004, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', '', 0, 0, 49, 624, 6369, 6380, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qs5nnm6ec1c44h13csqa', 1795673547957122, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', '', 0, 0, 78, 624, 17369, 17380, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qtfnqktsschahvqfyt5d', 1795673549301606, 'POST', '/v1/responses/{id}/cancel', '/v1/responses/resp_10b884322bec15bdb158e4c4cf5a7ead/cancel', 200, 'ok', '', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', '', '', 0, 0, 0, 627, 12432, 12440, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8b7qtn9dsy1r8r1v5eht8ta', 1795673549481046, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', '', 0, 0, 98, 624, 2184, 2213, 0, '127.0.0.1');
CREATE TABLE prediction (
    id           text collate binary not null primary key, -- a UUID
    account      text collate binary not null,
    api_key      text collate binary not null,
    model        text collate binary not null, -- slug
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
    request_hash    blob not null,

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
, amount bigint not null default 0, price_version bigint not null default 0, quote text not null default '');
insert into "prediction" ("id", "account", "api_key", "model", "shown", "type", "spelling", "source", "stream", "input", "status", "version", "created_at", "started_at", "completed_at", "updated_at", "idempotency_key", "request_hash", "handed", "attempt", "beat", "cancel", "target", "submission", "upstream", "deadline", "output", "error", "error_id", "logs", "progress", "predict_time", "event_count", "purge_at", "removed", "webhook_url", "webhook_events", "webhook_base", "webhook_key", "amount", "price_version", "quote") values ('01a2167b-d232-76d2-a847-0f90552edfa0', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'skytower-upscale-2x', 'skytower-upscale-2x', 'image', 'cancelled', 'api', 0, '{"image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABGdBTUEAALGPC/xhBQAAACBjSFJNAAB6JgAAgIQAAPoAAACA6AAAdTAAAOpgAAA6mAAAF3CculE8AAAABlBMVEX/AAD///9BHTQRAAAAAWJLR0QB/wIt3gAAAAd0SU1FB+oLGgYMAwJOdqoAAAALSURBVAjXY2BABQAAEAABocUhwQAAACV0RVh0ZGF0ZTpjcmVhdGUAMjAyNi0xMS0yNlQwNjoxMjowMiswMDowMLlEv0YAAAAldEVYdGRhdGU6bW9kaWZ5ADIwMjYtMTEtMjZUMDY6MTI6MDIrMDA6MDDIGQf6AAAAAElFTkSuQmCC"}', 'succeeded', 4, 1795673543218441, 1795673543274066, 1795673543379949, 1795673543379949, NULL, X'0D0C9D814455B22C8607115B942CC841B5AF823E834AC6DAB8B8547071771C63', 0, 1, 1795673543380649, 0, '', '', '', 1795675343274066, 'null', '', '', '', 99999, 38452, 0, 1795759943379949, 0, '', '', 'http://127.0.0.1:8071', '', 0, 0, '');
CREATE TABLE prediction_lane (
    kind    text collate binary not null,
    name    text collate binary not null,
    handed  bigint not null,
    last_at bigint not null, -- when a place was last given out
    -- The account's prediction that stands in the queue before all later ones of other
    -- accounts, or '': each account has one, whatever its backlog.
    front   text collate binary not null,
    primary key (kind, name)
);
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('account', 'acct_kvew2ice7uhjixuzjywbiag2wf', 0, 1795673543222333, '');
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('model', 'skytower-upscale-2x', 0, 1795673543222333, '');
CREATE TABLE prediction_count (
    account text collate binary not null,
    day     bigint not null, -- of creation, days since 1970 in UTC
    model   text collate binary not null,
    status  text collate binary not null,
    n       bigint not null,
    primary key (account, day, model, status)
);
insert into "prediction_count" ("account", "day", "model", "status", "n") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 20783, 'skytower-upscale-2x', 'succeeded', 1);
CREATE TABLE prediction_event (
    prediction text collate binary not null,
    seq        bigint not null, -- from 1
    at         bigint not null,
    kind       text   not null, -- logs or output
    data       text   not null, -- JSON
    primary key (prediction, seq)
);
CREATE TABLE file (
    id         text collate binary not null primary key,
    account    text collate binary not null,
    prediction text collate binary not null, -- '' for an upload
    attempt    bigint not null, -- of the prediction's run that made it
    ordinal    bigint not null, -- its place among the outputs
    role       text   not null, -- upload, input, output, partial
    name       text   not null,
    type       text   not null, -- MIME type, found in the content
    size       bigint not null,
    purpose    text   not null,
    digest     blob not null, -- SHA-256 of the content
    state      text   not null,
    created_at bigint not null,
    expires_at bigint not null -- 0: kept
);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8b7qmnrznpdf2tj5nrbqn5w', 'acct_kvew2ice7uhjixuzjywbiag2wf', '01a2167b-d232-76d2-a847-0f90552edfa0', 1, 0, 'output', 'upscaled.png', 'image/png', 500, '', X'747B4EABE53DB03545368B1E57F4198EFDEF6B92D4B1BF18AA723986B4359979', 'kept', 1795673543352294, 1795759943379949);
CREATE TABLE webhook_delivery (
    id         text collate binary not null primary key,
    account    text collate binary not null,
    prediction text collate binary not null,
    seq        bigint not null, -- order within the prediction, from 1
    event      text   not null, -- the subscriber's word
    terminal   boolean not null,
    url        text   not null,
    host       text collate binary not null,
    body       blob not null,
    signature  text   not null,
    state      text   not null,
    attempts   bigint not null,
    created_at bigint not null,
    next_at    bigint not null -- 0: not to be tried yet, or any more; while sending: end of the lease
);
CREATE TABLE webhook_attempt (
    delivery text collate binary not null references webhook_delivery (id) on delete cascade,
    n        bigint not null,
    at       bigint not null,
    status   bigint not null, -- 0: no answer
    took     bigint not null, -- microseconds
    error    text   not null,
    answer   text   not null, -- its first KiB
    primary key (delivery, n)
);
CREATE TABLE account_member (
    id         text collate binary not null primary key,
    account    text collate binary not null references account (id),
    name       text   not null,
    email      text collate binary not null, -- in lower case, or ''
    role       text   not null check (role in ('owner', 'developer', 'billing', 'viewer')),
    created_at bigint not null,
    removed_at bigint not null
, person text collate binary not null default '');
insert into "account_member" ("id", "account", "name", "email", "role", "created_at", "removed_at", "person") values ('mem_xxyb7nvfwxrxpjbvboku6eko5i', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'Ada', 'ada@example.com', 'owner', 1795673552587416, 0, 'per_y7elpwk3gic4lo6udvcgch6is5');
CREATE TABLE price (
    version bigint not null primary key, -- from 1
    model   text collate binary not null,
    at      bigint not null,
    actor   text   not null,
    spec    text   not null -- JSON of the operator's pricing
);
insert into "price" ("version", "model", "at", "actor", "spec") values (1, 'big', 1795673542710221, 'opr_ekwloti6hfx5uuaieotab2ouh5', '{"currency":"USD","unit":"million_token","input":2,"output":8}');
insert into "price" ("version", "model", "at", "actor", "spec") values (2, 'small', 1795673542710221, 'opr_ekwloti6hfx5uuaieotab2ouh5', '{"currency":"USD","unit":"million_token","input":0.5,"output":1}');
CREATE TABLE catalog_grant (
    model   text collate binary not null references catalog_model (slug) on delete cascade,
    account text collate binary not null,
    primary key (model, account)
);
CREATE TABLE purse (
    id          text collate binary not null primary key, -- acct_…, or key_…/2026-11
    kind        text   not null check (kind in ('account', 'key')),
    owner       text collate binary not null, -- the account
    credit_line bigint not null, -- how far below zero an account may go
    draw_order  text   not null, -- kinds of buckets, with spaces
    held        bigint not null, -- sum of the open holds
    seq         bigint not null, -- numbers the buckets of the purse
    earlier     bigint not null default 0, -- of a key's: charged in the month before there was a budget
    created_at  bigint not null
);
insert into "purse" ("id", "kind", "owner", "credit_line", "draw_order", "held", "seq", "earlier", "created_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'account', 'acct_kvew2ice7uhjixuzjywbiag2wf', 0, 'sponsored deposited payg', 0, 3, 0, 1795673541628679);
CREATE TABLE bucket (
    id         text collate binary not null primary key, -- PURSE:KIND or PURSE:sponsored:N
    purse      text collate binary not null references purse (id),
    kind       text   not null check (kind in ('sponsored', 'deposited', 'payg', 'budget')),
    seq        bigint not null,
    balance    bigint not null check (typeof(balance) = 'integer'), -- a sum too large becomes a float there
    expires_at bigint not null, -- 0: never
    created_at bigint not null
);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf:deposited', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'deposited', 1, 0, 0, 1795673541628679);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf:payg', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'payg', 2, 0, 0, 1795673541628679);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf:sponsored:3', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'sponsored', 3, 9999569000, 0, 1795673541628679);
CREATE TABLE posting (
    transfer text collate binary not null,
    source   text collate binary not null,
    dest     text collate binary not null,
    amount   bigint not null check (amount > 0),
    at       bigint not null,
    primary key (transfer, source, dest)
 ) without rowid;
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoih1djhhj-29uf8s4br988', 'acct_kvew2ice7uhjixuzjywbiag2wf:sponsored:3', 'revenue', 12500, 1795673544605767);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoih1dsx5h-ij6tmo84i7su', 'acct_kvew2ice7uhjixuzjywbiag2wf:sponsored:3', 'revenue', 12500, 1795673545045973);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoih1dx868-3lm3qfqvsncfc', 'acct_kvew2ice7uhjixuzjywbiag2wf:sponsored:3', 'revenue', 86000, 1795673545246880);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoih1e2zwj-21950xfbv6e6n', 'acct_kvew2ice7uhjixuzjywbiag2wf:sponsored:3', 'revenue', 86000, 1795673545516099);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoih1e7fta-2oq214wsfsps1', 'acct_kvew2ice7uhjixuzjywbiag2wf:sponsored:3', 'revenue', 86000, 1795673545723342);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoih1gcc65-1dgff8mjpvw64', 'acct_kvew2ice7uhjixuzjywbiag2wf:sponsored:3', 'revenue', 62000, 1795673549311133);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoih1ky7q1-1z6qaou3lpuxi', 'acct_kvew2ice7uhjixuzjywbiag2wf:sponsored:3', 'revenue', 86000, 1795673557050265);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('operator/acct_kvew2ice7uhjixuzjywbiag2wf/fm2c6dfwpjduc3oucduzktufou', 'granted', 'acct_kvew2ice7uhjixuzjywbiag2wf:sponsored:3', 10000000000, 1795673541628224);
CREATE TABLE transfer (
    id      text collate binary not null primary key,
    kind    text   not null, -- grant, deposit, refund, dispute, expiry, adjustment, prediction
    account text collate binary not null,
    amount  bigint not null,
    at      bigint not null,
    actor   text   not null,
    reason  text   not null,
    ref     text   not null, -- of the cause, elsewhere
    digest  blob not null
);
insert into "transfer" ("id", "kind", "account", "amount", "at", "actor", "reason", "ref", "digest") values ('operator/acct_kvew2ice7uhjixuzjywbiag2wf/fm2c6dfwpjduc3oucduzktufou', 'grant', 'acct_kvew2ice7uhjixuzjywbiag2wf', 10000000000, 1795673541628224, 'opr_ekwloti6hfx5uuaieotab2ouh5', 'Welcome', '', X'6DA7EAABCECE786F17D98954FDE1B710DE293CD769E756843C5F3DFF90101141');
CREATE TABLE lease (
    id         text collate binary not null primary key,
    purse      text collate binary not null,
    bucket     text collate binary not null,
    replica    text collate binary not null,
    amount     bigint not null,
    used       bigint not null,
    state      text   not null check (state in ('live', 'ended')),
    recall     bigint not null, -- when others asked for what is idle; 0: nobody
    created_at bigint not null,
    expires_at bigint not null
);
insert into "lease" ("id", "purse", "bucket", "replica", "amount", "used", "state", "recall", "created_at", "expires_at") values ('lease_BXUL6HHUCCKJR4JCUJPN77FCFF', 'acct_kvew2ice7uhjixuzjywbiag2wf', 'acct_kvew2ice7uhjixuzjywbiag2wf:sponsored:3', 'EYI7ZEUA7GHGJATWP5GPNMUJY4', 2493408000, 431000, 'live', 0, 1795673544546420, 1795673612188453);
CREATE TABLE hold (
    id         text collate binary not null primary key, -- the prediction
    purse      text collate binary not null,
    key_purse  text collate binary not null, -- or ''
    account    text collate binary not null,
    api_key    text collate binary not null,
    model      text   not null,
    amount     bigint not null,
    created_at bigint not null,
    expires_at bigint not null
);
CREATE TABLE hold_end (
    hold   text collate binary not null primary key,
    how    text   not null check (how in ('settled', 'void', 'expired')),
    amount bigint not null, -- charged
    at     bigint not null
);
CREATE TABLE limit_rule (
    id          text collate binary not null primary key,
    account     text collate binary not null,
    api_key     text collate binary not null, -- '': the account's
    surface     text collate binary not null,
    route       text collate binary not null,
    model       text collate binary not null,
    requests    bigint not null,
    tokens_in   bigint not null,
    tokens_out  bigint not null,
    concurrency bigint not null,
    created_at  bigint not null
);
CREATE TABLE spend_month (
    account text collate binary not null,
    month   text collate binary not null, -- 2026-11
    before  bigint not null,
    spent   bigint not null, -- in the month, as last looked at
    primary key (account, month)
);
CREATE TABLE checkout (
    id         text collate binary not null primary key, -- chk_…
    account    text collate binary not null,
    processor  text   not null,
    session    text collate binary not null, -- the processor's id, '' until it is known
    payment    text collate binary not null, -- likewise, of the payment
    amount     bigint not null,
    state      text   not null check (state in ('open', 'paid', 'failed', 'expired')),
    refunded   bigint not null,
    disputed   bigint not null,
    created_at bigint not null,
    changed_at bigint not null
);
CREATE TABLE payment_event (
    processor text collate binary not null,
    id        text collate binary not null,
    kind      text   not null,
    payment   text collate binary not null, -- the processor's ids of what it is about, or ''
    dispute   text collate binary not null,
    amount    bigint not null,
    at        bigint not null,
    outcome   text   not null,
    primary key (processor, id)
);
CREATE TABLE response_thread (
    account    text collate binary not null,
    id         text collate binary not null, -- its first response
    expires_at bigint not null,
    primary key (account, id)
);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 1798265557053865);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_10b884322bec15bdb158e4c4cf5a7ead', 1798265549312757);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_cfd90fc1d924b0387bda2c177bf40b84', 1798265545725510);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_eaed19484a202ca810912a028ee051e1', 1798265545254305);
CREATE TABLE response (
    account    text collate binary not null,
    id         text collate binary not null,
    thread     text collate binary not null,
    previous   text collate binary not null, -- or ''
    api_key    text collate binary not null,
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
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', '', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', 'completed', 1, '{"id":"resp_0ea261c08ffaaf804e2ec4002d0d436e","object":"response","created_at":1795673549,"completed_at":1795673557,"status":"completed","background":true,"model":"big","output_text":"You said: slow and left behind one two three four five six seven (1 messages) ","output":[{"id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 23, 0, 1795673556595467, 1795673549481288, 1795673557053515);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_10b884322bec15bdb158e4c4cf5a7ead', 'resp_10b884322bec15bdb158e4c4cf5a7ead', '', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', 'cancelled', 1, '{"id":"resp_10b884322bec15bdb158e4c4cf5a7ead","object":"response","created_at":1795673547,"completed_at":null,"status":"cancelled","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 6, 1795673549302523, 1795673549098122, 1795673547958242, 1795673549312629);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_4f7450f17feb2fef62a58e649ad65145', 'resp_eaed19484a202ca810912a028ee051e1', 'resp_eaed19484a202ca810912a028ee051e1', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', 'completed', 0, '{"id":"resp_4f7450f17feb2fef62a58e649ad65145","object":"response","created_at":1795673545,"completed_at":1795673545,"status":"completed","background":false,"model":"big","output_text":"You said: Who? (3 messages)","output":[{"id":"msg_70099cabfb6877e3842879b596bee3cd","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Who? (3 messages)","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":"resp_eaed19484a202ca810912a028ee051e1","store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 0, -1, 0, 0, 1795673545000000, 1795673545254114);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_cfd90fc1d924b0387bda2c177bf40b84', 'resp_cfd90fc1d924b0387bda2c177bf40b84', '', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'big', 'completed', 1, '{"id":"resp_cfd90fc1d924b0387bda2c177bf40b84","object":"response","created_at":1795673545,"completed_at":1795673545,"status":"completed","background":true,"model":"big","output_text":"You said: quick (1 messages) ","output":[{"id":"msg_e3016aeb413bebd12e876c0c471e5e57","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 13, 0, 1795673545709101, 1795673545685391, 1795673545725163);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_eaed19484a202ca810912a028ee051e1', 'resp_eaed19484a202ca810912a028ee051e1', '', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'small', 'completed', 0, '{"id":"resp_eaed19484a202ca810912a028ee051e1","object":"response","created_at":1795673545,"completed_at":1795673545,"status":"completed","background":false,"model":"small","output_text":"You said: My name is Ada. (1 messages)","output":[{"id":"msg_5e6c951945441c9e03575628f9258cae","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: My name is Ada. (1 messages)","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 0, -1, 0, 0, 1795673545000000, 1795673545054640);
CREATE TABLE response_item (
    account    text collate binary not null,
    response   text collate binary not null,
    place      bigint not null, -- input: -N to -1; output: from 0
    id         text collate binary not null,
    body       text   not null, -- JSON
    expires_at bigint not null, -- 0: with the thread
    primary key (account, response, place)
);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', -1, 'msg_01m8b7qtn9b0kp8bybc6wrd7dm', '{"type":"message","role":"user","content":[{"type":"input_text","text":"slow and left behind one two three four five six seven"}],"id":"msg_01m8b7qtn9b0kp8bybc6wrd7dm"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 0, 'msg_f73b04cd33f78f3731d5fbc15c9f3f00', '{"id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_10b884322bec15bdb158e4c4cf5a7ead', -1, 'msg_01m8b7qs5p73zgv3yvyav8y2xc', '{"type":"message","role":"user","content":[{"type":"input_text","text":"slow to be cancelled one two three"}],"id":"msg_01m8b7qs5p73zgv3yvyav8y2xc"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_4f7450f17feb2fef62a58e649ad65145', -1, 'msg_01m8b7qpgrkhtqcjskz95ne6y6', '{"type":"message","role":"user","content":[{"type":"input_text","text":"Who?"}],"id":"msg_01m8b7qpgrkhtqcjskz95ne6y6"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_4f7450f17feb2fef62a58e649ad65145', 0, 'msg_70099cabfb6877e3842879b596bee3cd', '{"id":"msg_70099cabfb6877e3842879b596bee3cd","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Who? (3 messages)","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_98fffa2f09f530b870342c085f98cd17', 0, 'msg_22889645b17cdd18d6549652d62d9d4e', '{"id":"msg_22889645b17cdd18d6549652d62d9d4e","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Not stored. (1 messages)","annotations":[],"logprobs":[]}]}', 1795674145537923);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_cfd90fc1d924b0387bda2c177bf40b84', -1, 'msg_01m8b7qpyn9zfwyx9qb0zerpwa', '{"type":"message","role":"user","content":[{"type":"input_text","text":"quick"}],"id":"msg_01m8b7qpyn9zfwyx9qb0zerpwa"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_cfd90fc1d924b0387bda2c177bf40b84', 0, 'msg_e3016aeb413bebd12e876c0c471e5e57', '{"id":"msg_e3016aeb413bebd12e876c0c471e5e57","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_eaed19484a202ca810912a028ee051e1', -1, 'msg_01m8b7qp7sd82ns4wpxhh51b08', '{"type":"message","role":"user","content":[{"type":"input_text","text":"My name is Ada."}],"id":"msg_01m8b7qp7sd82ns4wpxhh51b08"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_eaed19484a202ca810912a028ee051e1', 0, 'msg_5e6c951945441c9e03575628f9258cae', '{"id":"msg_5e6c951945441c9e03575628f9258cae","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: My name is Ada. (1 messages)","annotations":[],"logprobs":[]}]}', 0);
CREATE TABLE response_event (
    account  text collate binary not null,
    response text collate binary not null,
    first    bigint not null, -- sequence number of the row's first event
    last     bigint not null,
    events   text   not null,
    primary key (account, response, first)
);
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 0, 5, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_0ea261c08ffaaf804e2ec4002d0d436e","object":"response","created_at":1795673549,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_0ea261c08ffaaf804e2ec4002d0d436e","object":"response","created_at":1795673549,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_0ea261c08ffaaf804e2ec4002d0d436e","object":"response","created_at":1795673549,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"You ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 6, 6, '6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"said: ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 7, 7, '7 response.output_text.delta {"type":"response.output_text.delta","sequence_number":7,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"slow ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 8, 8, '8 response.output_text.delta {"type":"response.output_text.delta","sequence_number":8,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"and ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 9, 9, '9 response.output_text.delta {"type":"response.output_text.delta","sequence_number":9,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"left ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 10, 10, '10 response.output_text.delta {"type":"response.output_text.delta","sequence_number":10,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"behind ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 11, 11, '11 response.output_text.delta {"type":"response.output_text.delta","sequence_number":11,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"one ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 12, 12, '12 response.output_text.delta {"type":"response.output_text.delta","sequence_number":12,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"two ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 13, 13, '13 response.output_text.delta {"type":"response.output_text.delta","sequence_number":13,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"three ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 14, 14, '14 response.output_text.delta {"type":"response.output_text.delta","sequence_number":14,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"four ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 15, 15, '15 response.output_text.delta {"type":"response.output_text.delta","sequence_number":15,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"five ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 16, 16, '16 response.output_text.delta {"type":"response.output_text.delta","sequence_number":16,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"six ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 17, 17, '17 response.output_text.delta {"type":"response.output_text.delta","sequence_number":17,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"seven ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 18, 18, '18 response.output_text.delta {"type":"response.output_text.delta","sequence_number":18,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"(1 ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_0ea261c08ffaaf804e2ec4002d0d436e', 19, 23, '19 response.output_text.delta {"type":"response.output_text.delta","sequence_number":19,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","delta":"messages) ","logprobs":[]}
20 response.output_text.done {"type":"response.output_text.done","sequence_number":20,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","text":"You said: slow and left behind one two three four five six seven (1 messages) ","logprobs":[]}
21 response.content_part.done {"type":"response.content_part.done","sequence_number":21,"output_index":0,"content_index":0,"item_id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","part":{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}}
22 response.output_item.done {"type":"response.output_item.done","sequence_number":22,"output_index":0,"item":{"id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}}
23 response.completed {"type":"response.completed","sequence_number":23,"response":{"id":"resp_0ea261c08ffaaf804e2ec4002d0d436e","object":"response","created_at":1795673549,"completed_at":1795673557,"status":"completed","background":true,"model":"big","output_text":"You said: slow and left behind one two three four five six seven (1 messages) ","output":[{"id":"msg_f73b04cd33f78f3731d5fbc15c9f3f00","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_10b884322bec15bdb158e4c4cf5a7ead', 0, 5, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_10b884322bec15bdb158e4c4cf5a7ead","object":"response","created_at":1795673547,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_10b884322bec15bdb158e4c4cf5a7ead","object":"response","created_at":1795673547,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_10b884322bec15bdb158e4c4cf5a7ead","object":"response","created_at":1795673547,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_faf6fdc51bd3fb2ae2511945ba8031a1","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_faf6fdc51bd3fb2ae2511945ba8031a1","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_faf6fdc51bd3fb2ae2511945ba8031a1","delta":"You ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_10b884322bec15bdb158e4c4cf5a7ead', 6, 6, '6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_faf6fdc51bd3fb2ae2511945ba8031a1","delta":"said: ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_kvew2ice7uhjixuzjywbiag2wf', 'resp_cfd90fc1d924b0387bda2c177bf40b84', 0, 13, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_cfd90fc1d924b0387bda2c177bf40b84","object":"response","created_at":1795673545,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_cfd90fc1d924b0387bda2c177bf40b84","object":"response","created_at":1795673545,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_cfd90fc1d924b0387bda2c177bf40b84","object":"response","created_at":1795673545,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_e3016aeb413bebd12e876c0c471e5e57","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_e3016aeb413bebd12e876c0c471e5e57","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_e3016aeb413bebd12e876c0c471e5e57","delta":"You ","logprobs":[]}
6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_e3016aeb413bebd12e876c0c471e5e57","delta":"said: ","logprobs":[]}
7 response.output_text.delta {"type":"response.output_text.delta","sequence_number":7,"output_index":0,"content_index":0,"item_id":"msg_e3016aeb413bebd12e876c0c471e5e57","delta":"quick ","logprobs":[]}
8 response.output_text.delta {"type":"response.output_text.delta","sequence_number":8,"output_index":0,"content_index":0,"item_id":"msg_e3016aeb413bebd12e876c0c471e5e57","delta":"(1 ","logprobs":[]}
9 response.output_text.delta {"type":"response.output_text.delta","sequence_number":9,"output_index":0,"content_index":0,"item_id":"msg_e3016aeb413bebd12e876c0c471e5e57","delta":"messages) ","logprobs":[]}
10 response.output_text.done {"type":"response.output_text.done","sequence_number":10,"output_index":0,"content_index":0,"item_id":"msg_e3016aeb413bebd12e876c0c471e5e57","text":"You said: quick (1 messages) ","logprobs":[]}
11 response.content_part.done {"type":"response.content_part.done","sequence_number":11,"output_index":0,"content_index":0,"item_id":"msg_e3016aeb413bebd12e876c0c471e5e57","part":{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}}
12 response.output_item.done {"type":"response.output_item.done","sequence_number":12,"output_index":0,"item":{"id":"msg_e3016aeb413bebd12e876c0c471e5e57","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}}
13 response.completed {"type":"response.completed","sequence_number":13,"response":{"id":"resp_cfd90fc1d924b0387bda2c177bf40b84","object":"response","created_at":1795673545,"completed_at":1795673545,"status":"completed","background":true,"model":"big","output_text":"You said: quick (1 messages) ","output":[{"id":"msg_e3016aeb413bebd12e876c0c471e5e57","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
');
CREATE TABLE person (
    id         text collate binary not null primary key, -- per_…
    email      text collate binary not null, -- in lower case
    name       text   not null,
    password   text   not null, -- argon2id with its parameters; '': signs in elsewhere
    checked_at bigint not null, -- when the e-mail was proved to be theirs
    created_at bigint not null,
    changed_at bigint not null
);
insert into "person" ("id", "email", "name", "password", "checked_at", "created_at", "changed_at") values ('per_y7elpwk3gic4lo6udvcgch6is5', 'ada@example.com', 'Ada', '$argon2id$v=19$m=19456,t=2,p=1$lhyBF6JymVl3MEgD3X2xtA$fBd+QPe5k+IDvmit0KVSF5/AxmXvGivKpqO8yKdLo10', 0, 1795673552026233, 1795673552026233);
CREATE TABLE person_identity (
    issuer     text collate binary not null,
    subject    text collate binary not null,
    person     text collate binary not null references person (id),
    created_at bigint not null,
    primary key (issuer, subject)
);
CREATE TABLE person_session (
    id         text collate binary not null primary key, -- ses_…
    digest     blob not null check (length(digest) = 32),
    person     text collate binary not null references person (id),
    viewing    text collate binary not null,
    created_at bigint not null,
    seen_at    bigint not null, -- to a few minutes
    expires_at bigint not null,
    address    text   not null,
    agent      text   not null
);
insert into "person_session" ("id", "digest", "person", "viewing", "created_at", "seen_at", "expires_at", "address", "agent") values ('ses_2xdisuwpioehzd6uyxf2frfg6s', X'CC67FC19C9D838385E3C430E136FB1E32C28BC4013CFD6D2306DF5852A72B449', 'per_y7elpwk3gic4lo6udvcgch6is5', '', 1795673552592356, 1795673552592356, 1798265552592356, '127.0.0.1', 'curl/7.88.1');
CREATE TABLE person_link (
    digest     blob not null primary key check (length(digest) = 32),
    kind       text   not null check (kind in ('setup', 'invite', 'reset', 'check')),
    person     text collate binary not null, -- of reset and check
    member     text collate binary not null, -- the seat of an invitation, or ''
    operator   text collate binary not null, -- whom an invitation or the set-up makes sign in, or ''
    email      text collate binary not null,
    inviter    text collate binary not null, -- the operator or member who invites, or ''
    proves     boolean not null, -- whoever uses it has shown that the e-mail is theirs
    created_at bigint not null,
    expires_at bigint not null,
    used_at    bigint not null
);
insert into "person_link" ("digest", "kind", "person", "member", "operator", "email", "inviter", "proves", "created_at", "expires_at", "used_at") values (X'923464EB8EFE166D5928383BFF718404B04EB87C29A256309C39360B09D2FB78', 'setup', '', '', '', '', '', 0, 1795673532287594, 1795759932287594, 1795673552586890);
CREATE TABLE account_alert (
    account  text collate binary not null references account (id),
    kind     text collate binary not null, -- balance (below an amount), budget (of a key: a share in percent was spent)
    ref      text collate binary not null, -- the key, or ''
    level    bigint not null, -- nano-US-dollars, or percent; negative: told of nothing
    told_at  bigint not null,
    told     text   not null, -- what it was told about, so that it is told once: a month, or a crossing
    primary key (account, kind, ref)
);
CREATE TABLE usage_sum (
    hours     bigint not null,
    at        bigint not null,
    account   text collate binary not null,
    model     text collate binary not null,
    api_key   text collate binary not null,
    requests  bigint not null, -- charge lines
    units_in  bigint not null, -- tokens
    units_out bigint not null,
    units_cached bigint not null,
    units_reasoning bigint not null,
    amount    bigint not null,
    cost      bigint not null,
    primary key (hours, at, account, model, api_key)
 ) without rowid;
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498798, '', 'big', '', 4, 40, 30, 0, 0, 320000, 0);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498798, '', 'small', '', 2, 14, 18, 0, 0, 25000, 5000);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498798, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'big', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 4, 40, 30, 0, 0, 320000, 0);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498798, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'small', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 2, 14, 18, 0, 0, 25000, 5000);
CREATE TABLE traffic_sum (
    hours    bigint not null,
    at       bigint not null,
    account  text collate binary not null,
    model    text collate binary not null,
    api_key  text collate binary not null,
    family   text collate binary not null,
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
 ) without rowid;
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498798, '', '', '', 'other', 8, 0, 0, 107190, 8, 106619, 1, 0, 2, 0, 0, 0, 0, 3, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498798, '', 'big', '', 'responses', 5, 0, 0, 68971, 5, 68881, 0, 0, 1, 0, 0, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498798, '', 'skytower-upscale-2x', '', 'predictions', 1, 0, 0, 21184, 1, 21174, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498798, '', 'small', '', 'chat', 1, 0, 0, 63767, 1, 63747, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498798, '', 'small', '', 'responses', 1, 0, 0, 120713, 1, 120591, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498798, 'acct_kvew2ice7uhjixuzjywbiag2wf', '', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'other', 1, 0, 0, 12440, 1, 12432, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498798, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'big', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'responses', 5, 0, 0, 68971, 5, 68881, 0, 0, 1, 0, 0, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498798, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'skytower-upscale-2x', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'predictions', 1, 0, 0, 21184, 1, 21174, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498798, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'small', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'chat', 1, 0, 0, 63767, 1, 63747, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498798, 'acct_kvew2ice7uhjixuzjywbiag2wf', 'small', 'key_xc4rh2ghegr5eql2jvxwyyufsy', 'responses', 1, 0, 0, 120713, 1, 120591, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498798, 'operator', '', 'opk_srckpjqvhv5yguheic3qqrhbp5', 'other', 7, 0, 0, 94750, 7, 94187, 1, 0, 2, 0, 0, 0, 0, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
CREATE TABLE rollup (
    source  text collate binary not null primary key,
    settled bigint not null,
    days    bigint not null,
    kept    bigint not null,
    owner   text collate binary not null,
    until   bigint not null
);
insert into "rollup" ("source", "settled", "days", "kept", "owner", "until") values ('charges', 498797, 20783, 497952, 'EYI7ZEUA7GHGJATWP5GPNMUJY4', 1795673595186558);
insert into "rollup" ("source", "settled", "days", "kept", "owner", "until") values ('requests', 498797, 20783, 497952, 'EYI7ZEUA7GHGJATWP5GPNMUJY4', 1795673595186558);
CREATE TABLE rollup_dirty (
    source text collate binary not null,
    hour   bigint not null,
    mark   text collate binary not null, -- random, so that nobody waits for another's mark
    at     bigint not null, -- microseconds: when it was marked
    primary key (source, hour, mark)
);
CREATE TABLE page_vote (
    page   text collate binary not null,
    voter  text collate binary not null,
    useful boolean not null,
    note   text   not null, -- what was missing, or ''
    at     bigint not null,
    primary key (page, voter)
);
CREATE TABLE replica (
    id         text collate binary not null primary key,
    host       text   not null,
    role       text   not null, -- all, api, worker
    version    text   not null,
    config     text   not null, -- hash of its process file
    jobs       text   not null, -- how the job queue knows it, or ''
    started_at bigint not null,
    seen_at    bigint not null
);
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
insert into "river_leader" ("elected_at", "expires_at", "leader_id", "name") values ('2026-11-26 06:12:12.218', '2026-11-26 06:12:47.294', 'tower_2026_11_26T06_12_12_213779', 'default');
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
insert into "river_migration" ("line", "version", "created_at") values ('main', 1, '2026-11-26 06:12:08');
insert into "river_migration" ("line", "version", "created_at") values ('main', 2, '2026-11-26 06:12:08');
insert into "river_migration" ("line", "version", "created_at") values ('main', 3, '2026-11-26 06:12:08');
insert into "river_migration" ("line", "version", "created_at") values ('main', 4, '2026-11-26 06:12:08');
insert into "river_migration" ("line", "version", "created_at") values ('main', 5, '2026-11-26 06:12:08');
insert into "river_migration" ("line", "version", "created_at") values ('main', 6, '2026-11-26 06:12:08');
insert into "river_migration" ("line", "version", "created_at") values ('main', 7, '2026-11-26 06:12:08');
insert into "river_migration" ("line", "version", "created_at") values ('main', 8, '2026-11-26 06:12:09');
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
insert into "river_notification" ("id", "created_at", "payload", "topic") values (1, '2026-11-26 06:12:23.226', '{"queue": "local"}', 'river_insert');
insert into "river_notification" ("id", "created_at", "payload", "topic") values (2, '2026-11-26 06:12:25.686', '{"queue": "responses"}', 'river_insert');
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('local', '2026-11-26 06:12:12.214', X'0C', NULL, '2026-11-26 06:12:12.214');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('remote', '2026-11-26 06:12:12.280', X'0C', NULL, '2026-11-26 06:12:12.280');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('responses', '2026-11-26 06:12:12.219', X'0C', NULL, '2026-11-26 06:12:12.219');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('upkeep', '2026-11-26 06:12:12.275', X'0C', NULL, '2026-11-26 06:12:12.275');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('webhooks', '2026-11-26 06:12:12.253', X'0C', NULL, '2026-11-26 06:12:12.253');
CREATE TABLE river_job (
    id integer PRIMARY KEY AUTOINCREMENT,
    args blob NOT NULL DEFAULT (jsonb('{}')),
    attempt integer NOT NULL DEFAULT 0,
    attempted_at timestamp,
    attempted_by blob, -- json
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    errors blob, -- json
    finalized_at timestamp,
    kind text NOT NULL,
    max_attempts integer NOT NULL DEFAULT 25,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    priority integer NOT NULL DEFAULT 1,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'available',
    scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tags blob NOT NULL DEFAULT (jsonb('[]')),
    unique_key blob,
    unique_states integer,
    CONSTRAINT finalized_or_finalized_at_null CHECK (
        (finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded')) OR
        (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))
    ),
    CONSTRAINT priority_in_range CHECK (priority >= 1 AND priority <= 4),
    CONSTRAINT queue_length CHECK (length(queue) > 0 AND length(queue) < 128),
    CONSTRAINT kind_length CHECK (length(kind) > 0 AND length(kind) < 128),
    CONSTRAINT state_valid CHECK (state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'))
);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (1, X'CC4E276964C72430316132313637622D643233322D373664322D613834372D306639303535326564666130576D6F64656CC713736B79746F7765722D75707363616C652D327877617474656D70741330', 1, '2026-11-26 06:12:23.242', X'CB1FC71D766D5F323032365F31315F32365430365F31325F31325F323133373739', '2026-11-26 06:12:23.225', NULL, '2026-11-26 06:12:23.566', 'prediction_run', 25, X'0C', 1, 'local', 'completed', '2026-11-26 06:12:23.225', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (2, X'CC53776163636F756E74C71F616363745F6B766577326963653775686A6978757A6A797762696167327766276964C725726573705F6366643930666331643932346230333837626461326331373762663430623834', 1, '2026-11-26 06:12:25.693', X'CB1FC71D766D5F323032365F31315F32365430365F31325F31325F323133373739', '2026-11-26 06:12:25.686', NULL, '2026-11-26 06:12:25.822', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 06:12:25.686', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (3, X'CC53776163636F756E74C71F616363745F6B766577326963653775686A6978757A6A797762696167327766276964C725726573705F3130623838343332326265633135626462313538653463346366356137656164', 1, '2026-11-26 06:12:27.986', X'CB1FC71D766D5F323032365F31315F32365430365F31325F31325F323133373739', '2026-11-26 06:12:27.968', NULL, '2026-11-26 06:12:29.318', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 06:12:27.968', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (4, X'CC53776163636F756E74C71F616363745F6B766577326963653775686A6978757A6A797762696167327766276964C725726573705F3065613236316330386666616166383034653265633430303264306434333665', 1, '2026-11-26 06:12:29.484', X'CB1FC71D766D5F323032365F31315F32365430365F31325F31325F323133373739', '2026-11-26 06:12:29.482', NULL, '2026-11-26 06:12:37.066', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 06:12:29.482', X'0B', NULL, NULL);
CREATE INDEX account_created on account (created_at, id);
CREATE UNIQUE INDEX api_key_digest on api_key (digest);
CREATE INDEX api_key_created on api_key (created_at, id);
CREATE INDEX api_key_account on api_key (account, created_at, id);
CREATE UNIQUE INDEX operator_key_digest on operator_key (digest);
CREATE INDEX operator_key_operator on operator_key (operator, created_at, id);
CREATE INDEX audit_at on audit (at, seq);
CREATE INDEX audit_subject on audit (subject, seq);
CREATE INDEX catalog_name_model on catalog_name (model, position);
CREATE INDEX charge_line_account on charge_line (account, at);
CREATE INDEX request_log_account on request_log (account, at);
CREATE INDEX prediction_account on prediction (account, created_at, id);
CREATE INDEX prediction_model on prediction (account, model, created_at, id);
CREATE INDEX prediction_status on prediction (account, status, created_at, id);
CREATE UNIQUE INDEX prediction_idempotency on prediction (account, idempotency_key) where idempotency_key is not null;
CREATE INDEX prediction_waiting on prediction (account, created_at, id) where status = 'pending' and not handed;
CREATE INDEX prediction_waiting_model on prediction (model, account, created_at, id) where status = 'pending' and not handed;
CREATE INDEX prediction_running on prediction (beat) where handed;
CREATE INDEX prediction_purge on prediction (purge_at) where purge_at > 0;
CREATE INDEX file_account on file (account, created_at, id) where role = 'upload';
CREATE INDEX file_prediction on file (prediction, ordinal) where prediction <> '';
CREATE INDEX file_unkept on file (state, created_at) where state <> 'kept';
CREATE INDEX file_expires on file (expires_at) where expires_at > 0;
CREATE UNIQUE INDEX webhook_delivery_prediction on webhook_delivery (prediction, seq);
CREATE INDEX webhook_delivery_open on webhook_delivery (prediction, seq) where state in ('pending', 'sending');
CREATE INDEX webhook_delivery_sending on webhook_delivery (next_at) where state = 'sending';
CREATE INDEX webhook_delivery_created on webhook_delivery (created_at);
CREATE INDEX account_member_account on account_member (account, created_at, id);
CREATE UNIQUE INDEX account_member_email on account_member (account, email) where email <> '' and removed_at = 0;
CREATE INDEX api_key_member on api_key (member) where member <> '';
CREATE INDEX audit_actor on audit (actor, seq);
CREATE INDEX audit_action on audit (action, seq);
CREATE TRIGGER audit_is_not_changed before update on audit begin select raise(abort, 'the audit trail only grows'); end;
CREATE TRIGGER audit_is_not_deleted before delete on audit begin select raise(abort, 'the audit trail only grows'); end;
CREATE INDEX price_model on price (model, version);
CREATE INDEX bucket_purse on bucket (purse, seq);
CREATE INDEX bucket_expires on bucket (expires_at) where expires_at > 0 and balance > 0;
CREATE INDEX posting_source on posting (source, at);
CREATE INDEX posting_dest on posting (dest, at) where dest <> 'revenue';
CREATE INDEX transfer_account on transfer (account, at);
CREATE INDEX lease_purse on lease (purse) where state = 'live';
CREATE INDEX lease_replica on lease (replica) where state = 'live';
CREATE INDEX lease_expires on lease (expires_at) where state = 'live';
CREATE INDEX lease_ended on lease (expires_at) where state = 'ended';
CREATE INDEX hold_purse on hold (purse);
CREATE INDEX hold_expires on hold (expires_at);
CREATE INDEX charge_line_key on charge_line (api_key, at) where amount > 0;
CREATE UNIQUE INDEX limit_rule_scope on limit_rule (account, api_key, surface, route, model);
CREATE INDEX checkout_account on checkout (account, created_at, id);
CREATE UNIQUE INDEX checkout_session on checkout (processor, session) where session <> '';
CREATE INDEX checkout_payment on checkout (processor, payment) where payment <> '';
CREATE INDEX payment_event_payment on payment_event (processor, payment) where payment <> '';
CREATE INDEX response_thread_expires on response_thread (expires_at);
CREATE INDEX response_member on response (account, thread);
CREATE INDEX response_running on response (beat_at) where state in ('queued', 'in_progress');
CREATE INDEX response_told on response (ended_at) where sequence >= 0 and ended_at > 0;
CREATE INDEX response_item_id on response_item (account, id);
CREATE INDEX response_item_expires on response_item (expires_at) where expires_at > 0;
CREATE UNIQUE INDEX person_email on person (email);
CREATE INDEX person_identity_person on person_identity (person);
CREATE INDEX account_member_person on account_member (person) where person <> '';
CREATE INDEX operator_person on operator (person) where person <> '';
CREATE INDEX account_closing on account (id) where closed_at > 0 and cleared_at = 0;
CREATE UNIQUE INDEX person_session_digest on person_session (digest);
CREATE INDEX person_session_person on person_session (person, created_at);
CREATE INDEX person_session_expires on person_session (expires_at);
CREATE INDEX person_link_person on person_link (person) where person <> '';
CREATE INDEX person_link_member on person_link (member) where member <> '';
CREATE INDEX person_link_operator on person_link (operator) where operator <> '';
CREATE INDEX person_link_email on person_link (email);
CREATE INDEX person_link_expires on person_link (expires_at);
CREATE INDEX api_key_session on api_key (session, created_at) where session <> '';
CREATE INDEX api_key_hidden on api_key (expires_at) where session <> '';
CREATE INDEX charge_line_at on charge_line (at);
CREATE INDEX request_log_status on request_log (status, at) where status >= 400;
CREATE INDEX request_log_error on request_log (error_id, at) where error_id <> '';
CREATE INDEX request_log_account_status on request_log (account, status, at) where status >= 400;
CREATE INDEX request_log_account_error on request_log (account, error_id, at) where error_id <> '';
CREATE INDEX page_vote_at on page_vote (at);
CREATE INDEX replica_seen on replica (seen_at);
CREATE INDEX prediction_created on prediction (created_at, id);
CREATE INDEX river_notification_created_at_idx ON river_notification (created_at);
CREATE INDEX river_notification_topic_id_idx ON river_notification (topic, id);
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL
        AND unique_states IS NOT NULL
        AND CASE state
            WHEN 'available' THEN unique_states & (1 << 0)
            WHEN 'cancelled' THEN unique_states & (1 << 1)
            WHEN 'completed' THEN unique_states & (1 << 2)
            WHEN 'discarded' THEN unique_states & (1 << 3)
            WHEN 'pending'   THEN unique_states & (1 << 4)
            WHEN 'retryable' THEN unique_states & (1 << 5)
            WHEN 'running'   THEN unique_states & (1 << 6)
            WHEN 'scheduled' THEN unique_states & (1 << 7)
            ELSE 0
        END >= 1;
delete from sqlite_sequence;
insert into sqlite_sequence (name, seq) values ('audit', 16);
insert into sqlite_sequence (name, seq) values ('change', 31);
insert into sqlite_sequence (name, seq) values ('goose_db_version', 12);
insert into sqlite_sequence (name, seq) values ('river_job', 4);
insert into sqlite_sequence (name, seq) values ('river_notification', 2);
commit;
