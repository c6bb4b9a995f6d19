pragma foreign_keys = off;
begin;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (1, 0, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (2, 1, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (3, 2, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (4, 3, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (5, 4, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (6, 5, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (7, 6, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (8, 7, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (9, 8, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (10, 9, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (11, 10, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (12, 11, 1, '2026-11-26 09:51:20');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (13, 12, 1, '2026-11-26 09:51:21');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (14, 13, 1, '2026-11-26 09:51:21');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (15, 14, 1, '2026-11-26 09:51:21');
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
insert into "change" ("seq", "kind", "ref", "at") values (1, 'operator', 'opk_jkffn5uay5tansm4vone45yr6g', 1795686683418300);
insert into "change" ("seq", "kind", "ref", "at") values (2, 'account', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 1795686683418300);
insert into "change" ("seq", "kind", "ref", "at") values (3, 'key', 'key_tjow7ouzlz5uhftq4z426hiej6', 1795686683418300);
insert into "change" ("seq", "kind", "ref", "at") values (4, 'key', 'key_y2fcq6gymepngort4iqsf2yq4v', 1795686694878164);
insert into "change" ("seq", "kind", "ref", "at") values (5, 'catalog', '1', 1795686695326215);
insert into "change" ("seq", "kind", "ref", "at") values (6, 'catalog', '2', 1795686695731506);
insert into "change" ("seq", "kind", "ref", "at") values (7, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_e6857547765442336ad44d53b21aa199', 1795686698169652);
insert into "change" ("seq", "kind", "ref", "at") values (8, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_e6857547765442336ad44d53b21aa199', 1795686698180991);
insert into "change" ("seq", "kind", "ref", "at") values (9, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_a69b1ad4a1b0eef919bfcde162abafd4', 1795686700473455);
insert into "change" ("seq", "kind", "ref", "at") values (10, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_a69b1ad4a1b0eef919bfcde162abafd4', 1795686700594300);
insert into "change" ("seq", "kind", "ref", "at") values (11, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_a69b1ad4a1b0eef919bfcde162abafd4', 1795686701080473);
insert into "change" ("seq", "kind", "ref", "at") values (12, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_a69b1ad4a1b0eef919bfcde162abafd4', 1795686701579451);
insert into "change" ("seq", "kind", "ref", "at") values (13, 'response_stop', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_a69b1ad4a1b0eef919bfcde162abafd4', 1795686701583830);
insert into "change" ("seq", "kind", "ref", "at") values (14, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_a69b1ad4a1b0eef919bfcde162abafd4', 1795686701597397);
insert into "change" ("seq", "kind", "ref", "at") values (15, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686701670291);
insert into "change" ("seq", "kind", "ref", "at") values (16, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686701778310);
insert into "change" ("seq", "kind", "ref", "at") values (17, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686702276579);
insert into "change" ("seq", "kind", "ref", "at") values (18, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686702782118);
insert into "change" ("seq", "kind", "ref", "at") values (19, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686703279075);
insert into "change" ("seq", "kind", "ref", "at") values (20, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686703778195);
insert into "change" ("seq", "kind", "ref", "at") values (21, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686704297543);
insert into "change" ("seq", "kind", "ref", "at") values (22, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686704777694);
insert into "change" ("seq", "kind", "ref", "at") values (23, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686705276128);
insert into "change" ("seq", "kind", "ref", "at") values (24, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686705776768);
insert into "change" ("seq", "kind", "ref", "at") values (25, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686706277942);
insert into "change" ("seq", "kind", "ref", "at") values (26, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686706780639);
insert into "change" ("seq", "kind", "ref", "at") values (27, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686707278053);
insert into "change" ("seq", "kind", "ref", "at") values (28, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686707777439);
insert into "change" ("seq", "kind", "ref", "at") values (29, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686708277225);
insert into "change" ("seq", "kind", "ref", "at") values (30, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686708776648);
insert into "change" ("seq", "kind", "ref", "at") values (31, 'response', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3/resp_790c2563a094c304b3c5c2ddb1e767ea', 1795686709265440);
CREATE TABLE account (
    id             text collate binary not null primary key,
    name           text   not null,
    suspend_reason text   not null default '',
    created_at     bigint not null,
    suspended_at   bigint, -- null: not suspended
    changed_at     bigint  -- null: never changed since
, webhook_secret text not null default '', retention bigint not null default -1, concurrency bigint not null default 0, tier text not null default '', auto_tier bigint not null default 1, closed_at bigint not null default 0, cleared_at bigint not null default 0, own_concurrency bigint not null default 0, keep_bodies bigint not null default 0);
insert into "account" ("id", "name", "suspend_reason", "created_at", "suspended_at", "changed_at", "webhook_secret", "retention", "concurrency", "tier", "auto_tier", "closed_at", "cleared_at", "own_concurrency", "keep_bodies") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'Default', '', 1795686683417720, NULL, NULL, '', -1, 0, '', 1, 0, 0, 0, 0);
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
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_oxepo3axathninwxthlwpl4nid', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', '', X'F5E38661DA7679001EF17969D70A2CA16E3FAD9DE9006E4F0A5B7A3F6B457958', 'sk-Ntem…bxWn', 'models:read predictions:read predictions:create inference files usage:read billing:read billing:write', 1795686705255270, 1795687605255270, NULL, 'mem_xw27tsnhiyftg5rli5wotf4jpp', '', '', -1, '', 0, 'ses_6467kt2wt4aotle7cm22j35cw3');
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_tjow7ouzlz5uhftq4z426hiej6', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'First key', X'85110D04777243EBA7A91157DC72EA97254685F816741AC69930D5D6E8ED73C0', 'sk-QcpO…c1ip', '*', 1795686683417742, NULL, NULL, '', '', '', -1, '', 0, '');
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_y2fcq6gymepngort4iqsf2yq4v', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'second', X'589E1E2BA705B10E34ABD8B3826DCFD888DFDE9FEAFCCEE1585D821F19EDEBE1', 'sk-sZRL…uXf4', '*', 1795686694877421, NULL, NULL, '', '', '', 5000000000, '', 0, '');
CREATE TABLE operator (
    id         text collate binary not null primary key,
    name       text   not null,
    role       text   not null check (role in ('operator', 'auditor')),
    created_at bigint not null
, person text collate binary not null default '', revoked_at bigint not null default 0);
insert into "operator" ("id", "name", "role", "created_at", "person", "revoked_at") values ('opr_fcsoqwzoa5tq2b23rdceoicjyw', 'First operator', 'operator', 1795686683417718, 'per_ax5kkesu5jgzem25gf7npv2cjy', 0);
CREATE TABLE operator_key (
    id         text collate binary not null primary key,
    operator   text collate binary not null references operator (id),
    digest     blob not null check (length(digest) = 32),
    masked     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
);
insert into "operator_key" ("id", "operator", "digest", "masked", "created_at", "expires_at", "revoked_at") values ('opk_jkffn5uay5tansm4vone45yr6g', 'opr_fcsoqwzoa5tq2b23rdceoicjyw', X'F48626C41F91731D21E69EB6B4FC06984B15554A8E20C443D44A290E0936FD84', 'op-oOnb…VklO', 1795686683417718, NULL, NULL);
CREATE TABLE account_once (
    act text   not null primary key,
    at  bigint not null
);
insert into "account_once" ("act", "at") values ('bootstrap', 1795686683417767);
CREATE TABLE audit (
    seq     integer primary key autoincrement,
    at      bigint not null,
    actor   text   not null, -- id of the operator, or "system"
    action  text   not null, -- such as key.revoke
    subject text collate binary not null, -- id of what was acted on
    detail  text   not null default ''
);
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (1, 1795686683417868, 'system', 'operator.create', 'opr_fcsoqwzoa5tq2b23rdceoicjyw', 'operator');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (2, 1795686683417917, 'system', 'account.create', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'Default');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (3, 1795686683417971, 'system', 'key.create', 'key_tjow7ouzlz5uhftq4z426hiej6', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (4, 1795686694435404, 'opr_fcsoqwzoa5tq2b23rdceoicjyw', 'credit.grant', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', '10.00 USD: Welcome');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (5, 1795686694878122, 'opr_fcsoqwzoa5tq2b23rdceoicjyw', 'key.create', 'key_y2fcq6gymepngort4iqsf2yq4v', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (6, 1795686695324525, 'opr_fcsoqwzoa5tq2b23rdceoicjyw', 'provider.put', 'up', 'kind: (none) → openai; base_url: (none) → http://127.0.0.1:7411/v1; responses: (none) → auto; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (7, 1795686695324525, 'opr_fcsoqwzoa5tq2b23rdceoicjyw', 'model.put', 'auto', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; router: (none) → {"policy":"cheapest","sticky":"auto","rules":[{"when":{"tools":true},"policy":"fixed","models":["big"]}]}; open: (none) → true; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (8, 1795686695324525, 'opr_fcsoqwzoa5tq2b23rdceoicjyw', 'model.put', 'big', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":2,"output":8}; context_length: (none) → 128000; targets: (none) → [{"provider":"up","model":"big","weight":1,"first_byte_timeout":"20s","idle_timeout":"10s"}]; features: (none) → text, tools, images, json_schema; open: (none) → true; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (9, 1795686695324525, 'opr_fcsoqwzoa5tq2b23rdceoicjyw', 'model.put', 'small', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":0.5,"output":1}; targets: (none) → [{"provider":"up","model":"down","weight":1},{"provider":"up","model":"small","priority":1,"weight":1,"cost":{"currency"…; features: (none) → text; open: (none) → true; managed: (none) → r.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (10, 1795686695324525, 'opr_fcsoqwzoa5tq2b23rdceoicjyw', 'settings.put', 'default_chat', 'default_chat: (none) → small');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (11, 1795686695731142, 'opr_fcsoqwzoa5tq2b23rdceoicjyw', 'model.put', 'deepbrain-router', 'router: (none) → {"policy":"fixed","models":["small","big"],"sticky":"auto"}');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (12, 1795686704695154, 'per_ax5kkesu5jgzem25gf7npv2cjy', 'person.create', 'per_ax5kkesu5jgzem25gf7npv2cjy', '');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (13, 1795686704695250, 'per_ax5kkesu5jgzem25gf7npv2cjy', 'operator.join', 'opr_fcsoqwzoa5tq2b23rdceoicjyw', 'per_ax5kkesu5jgzem25gf7npv2cjy');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (14, 1795686704695444, 'per_ax5kkesu5jgzem25gf7npv2cjy', 'member.create', 'mem_xw27tsnhiyftg5rli5wotf4jpp', 'account: acct_4gjmmyco3vsrh4xefg4lu2j3f3, role: owner');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (15, 1795686704695557, 'per_ax5kkesu5jgzem25gf7npv2cjy', 'member.join', 'mem_xw27tsnhiyftg5rli5wotf4jpp', 'account: acct_4gjmmyco3vsrh4xefg4lu2j3f3');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (16, 1795686704701274, 'per_ax5kkesu5jgzem25gf7npv2cjy', 'session.start', 'per_ax5kkesu5jgzem25gf7npv2cjy', 'ses_6467kt2wt4aotle7cm22j35cw3');
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
insert into "catalog_provider" ("name", "kind", "base_url", "credential", "credential_sealed", "fetch_inputs", "responses", "managed", "created_at") values ('up', 'openai', 'http://127.0.0.1:7411/v1', '', '', '', 'auto', 'r.yaml', 1795686695324161);
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
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('auto', 3, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r.yaml', 1795686695324161, '', '', '', 0, '', 0, 0, '{"policy":"cheapest","sticky":"auto","rules":[{"when":{"tools":true},"policy":"fixed","models":["big"]}]}', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('big', 2, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 128000, 'r.yaml', 1795686695324161, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":2,"output":8}', 1, 0, '', 'text tools images json_schema');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('deepbrain-router', 4, 1, '', '', '', '', '', '', '', '', 0, 0, 0, 0, '', 1793491200000000, '', '', '', 0, '', 0, 0, '{"policy":"fixed","models":["small","big"],"sticky":"auto"}', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features") values ('small', 1, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r.yaml', 1795686695324161, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":0.5,"output":1}', 2, 0, '', 'text');
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
insert into "charge_batch" ("id", "at", "lines") values ('hoin2waw1h-2561fl7lmrvin', 1795686697277621, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoin2wk8ie-15s14nc3figl3', 1795686697713686, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoin2wmzu8-1nnrpdn592b2p', 1795686697842416, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoin2wq94n-3ot6cwa4d8jvl', 1795686697994423, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoin2wu6zj-23e7kg81cq2ek', 1795686698178271, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoin2yvcex-24jsq0u1xyuj4', 1795686701591193, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoin33fhxj-26ap9eri6xlin', 1795686709249927, 1);
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
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bm927s3pyjn7mq8awe6vec', 'hoin2waw1h-2561fl7lmrvin', 1795686697277565, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'small', 'up/small', 2, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bm92mfd3neqrdm2vewedhg', 'hoin2wk8ie-15s14nc3figl3', 1795686697713655, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'small', 'up/small', 2, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bm92v49nar6sdwdxgksfjm', 'hoin2wmzu8-1nnrpdn592b2p', 1795686697842354, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bm9300cqf4w8t5nc6b6m8z', 'hoin2wq94n-3ot6cwa4d8jvl', 1795686697994388, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_790c2563a094c304b3c5c2ddb1e767ea', 'hoin33fhxj-26ap9eri6xlin', 1795686709245531, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_a69b1ad4a1b0eef919bfcde162abafd4', 'hoin2yvcex-24jsq0u1xyuj4', 1795686701586297, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', 'up/big', 1, 19, 3, 0, 0, 62000, 1, 'hang_up', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_e6857547765442336ad44d53b21aa199', 'hoin2wu6zj-23e7kg81cq2ek', 1795686698173602, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
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
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm8z3r7tbcenyqzw3kr3xw', 1795686694008342, 'GET', '/admin/v1/accounts', '/admin/v1/accounts', 200, 'ok', '', 'operator', 'opk_jkffn5uay5tansm4vone45yr6g', '', '', 0, 0, 0, 229, 1984, 1995, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm8zh2e47665w0tew11cw9', 1795686694434909, 'POST', '/admin/v1/accounts/{id}/credit', '/admin/v1/accounts/acct_4gjmmyco3vsrh4xefg4lu2j3f3/credit', 200, 'ok', '', 'operator', 'opk_jkffn5uay5tansm4vone45yr6g', '', '', 0, 0, 51, 253, 49969, 49978, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm8zywsnvkbzzyj58fctce', 1795686694876517, 'POST', '/admin/v1/keys', '/admin/v1/keys', 200, 'ok', '', 'operator', 'opk_jkffn5uay5tansm4vone45yr6g', '', '', 0, 0, 28, 431, 6436, 6444, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm90c9w4n5jee7z5zyxdm4', 1795686695305441, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_jkffn5uay5tansm4vone45yr6g', '', '', 0, 0, 816, 1558, 16553, 16561, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm90cvrw366939wjt8azyg', 1795686695323546, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_jkffn5uay5tansm4vone45yr6g', '', '', 0, 0, 801, 1559, 8082, 8089, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm90s687dv0c9qzzqbcapt', 1795686695718109, 'GET', '/admin/v1/models', '/admin/v1/models', 200, 'ok', '', 'operator', 'opk_jkffn5uay5tansm4vone45yr6g', '', '', 0, 0, 0, 3142, 1816, 1850, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm90sdde02atp5431t9jjp', 1795686695725524, 'PUT', '/admin/v1/models/{slug}', '/admin/v1/models/deepbrain-router', 200, 'ok', '', 'operator', 'opk_jkffn5uay5tansm4vone45yr6g', '', '', 0, 0, 159, 175, 19983, 19991, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm910atr5cr8hhcj6pmg5a', 1795686695946401, 'POST', '/v1/predictions', '/v1/predict', 200, 'ok', '', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'skytower-upscale-2x', '', 0, 0, 446, 1268, 25406, 25415, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm927s3pyjn7mq8awe6vec', 1795686697209436, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'small', 'up/small', 7, 9, 60, 273, 93265, 93326, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm92mfd3neqrdm2vewedhg', 1795686697615794, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'small', 'up/small', 7, 9, 55, 1030, 106117, 106138, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm92v49nar6sdwdxgksfjm', 1795686697828076, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', 'up/big', 7, 9, 106, 1041, 50980, 50999, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm9300cqf4w8t5nc6b6m8z', 1795686697984830, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', 'up/big', 7, 9, 37, 1021, 44271, 44289, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm935cp5zw8zzms03fd4pt', 1795686698156617, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', '', 0, 0, 49, 624, 7904, 7913, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm95be2v0zks8mhte940zc', 1795686700398425, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', '', 0, 0, 78, 624, 38721, 38734, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm96gc689kx638t66h6sga', 1795686701580228, 'POST', '/v1/responses/{id}/cancel', '/v1/responses/resp_a69b1ad4a1b0eef919bfcde162abafd4/cancel', 200, 'ok', '', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', '', '', 0, 0, 0, 627, 20433, 20441, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bm96jr5az95a7bfgmm6baj', 1795686701656703, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', '', 0, 0, 98, 624, 4666, 4677, 0, '127.0.0.1');
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
insert into "prediction" ("id", "account", "api_key", "model", "shown", "type", "spelling", "source", "stream", "input", "status", "version", "created_at", "started_at", "completed_at", "updated_at", "idempotency_key", "request_hash", "handed", "attempt", "beat", "cancel", "target", "submission", "upstream", "deadline", "output", "error", "error_id", "logs", "progress", "predict_time", "event_count", "purge_at", "removed", "webhook_url", "webhook_events", "webhook_base", "webhook_key", "amount", "price_version", "quote") values ('01a21744-840a-7c7b-b652-27ad3f128aa1', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'key_tjow7ouzlz5uhftq4z426hiej6', 'skytower-upscale-2x', 'skytower-upscale-2x', 'image', 'cancelled', 'api', 0, '{"image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABGdBTUEAALGPC/xhBQAAACBjSFJNAAB6JgAAgIQAAPoAAACA6AAAdTAAAOpgAAA6mAAAF3CculE8AAAABlBMVEX/AAD///9BHTQRAAAAAWJLR0QB/wIt3gAAAAd0SU1FB+oLGgkzDMFzBjoAAAALSURBVAjXY2BABQAAEAABocUhwQAAACV0RVh0ZGF0ZTpjcmVhdGUAMjAyNi0xMS0yNlQwOTo1MToxMiswMDowMAlwomwAAAAldEVYdGRhdGU6bW9kaWZ5ADIwMjYtMTEtMjZUMDk6NTE6MTIrMDA6MDB4LRrQAAAAAElFTkSuQmCC"}', 'succeeded', 4, 1795686695946797, 1795686695994749, 1795686696106597, 1795686696106597, NULL, X'76FF21C6ECCFE0F26FC3366B5C639D0FF09E50B209DA1E6CCEA9D1157E884B29', 0, 1, 1795686696107084, 0, '', '', '', 1795688495994749, 'null', '', '', '', 99999, 64445, 0, 1795773096106597, 0, '', '', 'http://127.0.0.1:8071', '', 0, 0, '');
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
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('account', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 0, 1795686695947382, '');
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('model', 'skytower-upscale-2x', 0, 1795686695947382, '');
CREATE TABLE prediction_count (
    account text collate binary not null,
    day     bigint not null, -- of creation, days since 1970 in UTC
    model   text collate binary not null,
    status  text collate binary not null,
    n       bigint not null,
    primary key (account, day, model, status)
);
insert into "prediction_count" ("account", "day", "model", "status", "n") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 20783, 'skytower-upscale-2x', 'succeeded', 1);
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
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8bm914wawvs5b0qfr80f595', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', '01a21744-840a-7c7b-b652-27ad3f128aa1', 1, 0, 'output', 'upscaled.png', 'image/png', 500, '', X'747B4EABE53DB03545368B1E57F4198EFDEF6B92D4B1BF18AA723986B4359979', 'kept', 1795686696092195, 1795773096106597);
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
insert into "account_member" ("id", "account", "name", "email", "role", "created_at", "removed_at", "person") values ('mem_xw27tsnhiyftg5rli5wotf4jpp', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'Ada', 'ada@example.com', 'owner', 1795686704695376, 0, 'per_ax5kkesu5jgzem25gf7npv2cjy');
CREATE TABLE price (
    version bigint not null primary key, -- from 1
    model   text collate binary not null,
    at      bigint not null,
    actor   text   not null,
    spec    text   not null -- JSON of the operator's pricing
);
insert into "price" ("version", "model", "at", "actor", "spec") values (1, 'big', 1795686695324525, 'opr_fcsoqwzoa5tq2b23rdceoicjyw', '{"currency":"USD","unit":"million_token","input":2,"output":8}');
insert into "price" ("version", "model", "at", "actor", "spec") values (2, 'small', 1795686695324525, 'opr_fcsoqwzoa5tq2b23rdceoicjyw', '{"currency":"USD","unit":"million_token","input":0.5,"output":1}');
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
insert into "purse" ("id", "kind", "owner", "credit_line", "draw_order", "held", "seq", "earlier", "created_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'account', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 0, 'sponsored deposited payg', 0, 3, 0, 1795686694435932);
CREATE TABLE bucket (
    id         text collate binary not null primary key, -- PURSE:KIND or PURSE:sponsored:N
    purse      text collate binary not null references purse (id),
    kind       text   not null check (kind in ('sponsored', 'deposited', 'payg', 'budget')),
    seq        bigint not null,
    balance    bigint not null check (typeof(balance) = 'integer'), -- a sum too large becomes a float there
    expires_at bigint not null, -- 0: never
    created_at bigint not null
);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3:deposited', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'deposited', 1, 0, 0, 1795686694435932);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3:payg', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'payg', 2, 0, 0, 1795686694435932);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3:sponsored:3', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'sponsored', 3, 9999569000, 0, 1795686694435932);
CREATE TABLE posting (
    transfer text collate binary not null,
    source   text collate binary not null,
    dest     text collate binary not null,
    amount   bigint not null check (amount > 0),
    at       bigint not null,
    primary key (transfer, source, dest)
 ) without rowid;
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoin2waw1h-2561fl7lmrvin', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3:sponsored:3', 'revenue', 12500, 1795686697277621);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoin2wk8ie-15s14nc3figl3', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3:sponsored:3', 'revenue', 12500, 1795686697713686);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoin2wmzu8-1nnrpdn592b2p', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3:sponsored:3', 'revenue', 86000, 1795686697842416);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoin2wq94n-3ot6cwa4d8jvl', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3:sponsored:3', 'revenue', 86000, 1795686697994423);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoin2wu6zj-23e7kg81cq2ek', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3:sponsored:3', 'revenue', 86000, 1795686698178271);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoin2yvcex-24jsq0u1xyuj4', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3:sponsored:3', 'revenue', 62000, 1795686701591193);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoin33fhxj-26ap9eri6xlin', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3:sponsored:3', 'revenue', 86000, 1795686709249927);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('operator/acct_4gjmmyco3vsrh4xefg4lu2j3f3/rfg5rczbqdvh65pv6mrm26tjdc', 'granted', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3:sponsored:3', 10000000000, 1795686694435404);
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
insert into "transfer" ("id", "kind", "account", "amount", "at", "actor", "reason", "ref", "digest") values ('operator/acct_4gjmmyco3vsrh4xefg4lu2j3f3/rfg5rczbqdvh65pv6mrm26tjdc', 'grant', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 10000000000, 1795686694435404, 'opr_fcsoqwzoa5tq2b23rdceoicjyw', 'Welcome', '', X'7C94848A37301D8B897CC8964F106289DCD3D87C36456F47C047B52A55A79DED');
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
insert into "lease" ("id", "purse", "bucket", "replica", "amount", "used", "state", "recall", "created_at", "expires_at") values ('lease_M74XRT2MDKDDOPRW45H7G4Y5UA', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'acct_4gjmmyco3vsrh4xefg4lu2j3f3:sponsored:3', 'PE2VWOPSP7PV7FX4XHIXRGJEZQ', 2493408000, 431000, 'live', 0, 1795686697210212, 1795686763423314);
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
insert into "response_thread" ("account", "id", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_2a2190df352bc957283d4801f14a4a3a', 1798278697865099);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 1798278709265361);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_a69b1ad4a1b0eef919bfcde162abafd4', 1798278701597232);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_e6857547765442336ad44d53b21aa199', 1798278698180783);
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
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_2a2190df352bc957283d4801f14a4a3a', 'resp_2a2190df352bc957283d4801f14a4a3a', '', 'key_tjow7ouzlz5uhftq4z426hiej6', 'small', 'completed', 0, '{"id":"resp_2a2190df352bc957283d4801f14a4a3a","object":"response","created_at":1795686697,"completed_at":1795686697,"status":"completed","background":false,"model":"small","output_text":"You said: My name is Ada. (1 messages)","output":[{"id":"msg_53a7e8718de69508cea52f1047ac6feb","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: My name is Ada. (1 messages)","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 0, -1, 0, 0, 1795686697000000, 1795686697716671);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 'resp_790c2563a094c304b3c5c2ddb1e767ea', '', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', 'completed', 1, '{"id":"resp_790c2563a094c304b3c5c2ddb1e767ea","object":"response","created_at":1795686701,"completed_at":1795686709,"status":"completed","background":true,"model":"big","output_text":"You said: slow and left behind one two three four five six seven (1 messages) ","output":[{"id":"msg_979e53c3b483afeef42aafd5ab1374c8","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 23, 0, 1795686708776341, 1795686701657119, 1795686709264918);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_a69b1ad4a1b0eef919bfcde162abafd4', 'resp_a69b1ad4a1b0eef919bfcde162abafd4', '', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', 'cancelled', 1, '{"id":"resp_a69b1ad4a1b0eef919bfcde162abafd4","object":"response","created_at":1795686700,"completed_at":null,"status":"cancelled","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 6, 1795686701583784, 1795686701579185, 1795686700399606, 1795686701596795);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_c38d621932e2ddc4b2a41347c04a2012', 'resp_2a2190df352bc957283d4801f14a4a3a', 'resp_2a2190df352bc957283d4801f14a4a3a', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', 'completed', 0, '{"id":"resp_c38d621932e2ddc4b2a41347c04a2012","object":"response","created_at":1795686697,"completed_at":1795686697,"status":"completed","background":false,"model":"big","output_text":"You said: Who? (3 messages)","output":[{"id":"msg_0fee85d99ba7fa489b3ba51d6fedc3b4","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Who? (3 messages)","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":"resp_2a2190df352bc957283d4801f14a4a3a","store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 0, -1, 0, 0, 1795686697000000, 1795686697864770);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_e6857547765442336ad44d53b21aa199', 'resp_e6857547765442336ad44d53b21aa199', '', 'key_tjow7ouzlz5uhftq4z426hiej6', 'big', 'completed', 1, '{"id":"resp_e6857547765442336ad44d53b21aa199","object":"response","created_at":1795686698,"completed_at":1795686698,"status":"completed","background":true,"model":"big","output_text":"You said: quick (1 messages) ","output":[{"id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 13, 0, 1795686698169180, 1795686698161468, 1795686698179938);
CREATE TABLE response_item (
    account    text collate binary not null,
    response   text collate binary not null,
    place      bigint not null, -- input: -N to -1; output: from 0
    id         text collate binary not null,
    body       text   not null, -- JSON
    expires_at bigint not null, -- 0: with the thread
    primary key (account, response, place)
);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_2a2190df352bc957283d4801f14a4a3a', -1, 'msg_01m8bm92mg26d6w6tdjncjnkhm', '{"type":"message","role":"user","content":[{"type":"input_text","text":"My name is Ada."}],"id":"msg_01m8bm92mg26d6w6tdjncjnkhm"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_2a2190df352bc957283d4801f14a4a3a', 0, 'msg_53a7e8718de69508cea52f1047ac6feb', '{"id":"msg_53a7e8718de69508cea52f1047ac6feb","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: My name is Ada. (1 messages)","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_31998e8806dbadf96cb50eeea38a1c2f', 0, 'msg_bbc2ce02cb6064e5f1f8de7e93b8ea91', '{"id":"msg_bbc2ce02cb6064e5f1f8de7e93b8ea91","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Not stored. (1 messages)","annotations":[],"logprobs":[]}]}', 1795687298029078);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', -1, 'msg_01m8bm96jr5bkmg9kp0rk8qyf2', '{"type":"message","role":"user","content":[{"type":"input_text","text":"slow and left behind one two three four five six seven"}],"id":"msg_01m8bm96jr5bkmg9kp0rk8qyf2"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 0, 'msg_979e53c3b483afeef42aafd5ab1374c8', '{"id":"msg_979e53c3b483afeef42aafd5ab1374c8","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_a69b1ad4a1b0eef919bfcde162abafd4', -1, 'msg_01m8bm95bf3ehy0gm0j51hk7qe', '{"type":"message","role":"user","content":[{"type":"input_text","text":"slow to be cancelled one two three"}],"id":"msg_01m8bm95bf3ehy0gm0j51hk7qe"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_c38d621932e2ddc4b2a41347c04a2012', -1, 'msg_01m8bm92vetqkwte1gk8qtn4m9', '{"type":"message","role":"user","content":[{"type":"input_text","text":"Who?"}],"id":"msg_01m8bm92vetqkwte1gk8qtn4m9"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_c38d621932e2ddc4b2a41347c04a2012', 0, 'msg_0fee85d99ba7fa489b3ba51d6fedc3b4', '{"id":"msg_0fee85d99ba7fa489b3ba51d6fedc3b4","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Who? (3 messages)","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_e6857547765442336ad44d53b21aa199', -1, 'msg_01m8bm935hxqm99rt02mbjwjyk', '{"type":"message","role":"user","content":[{"type":"input_text","text":"quick"}],"id":"msg_01m8bm935hxqm99rt02mbjwjyk"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_e6857547765442336ad44d53b21aa199', 0, 'msg_fb0fe7f332bc053a0cfe203ddafa702f', '{"id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}', 0);
CREATE TABLE response_event (
    account  text collate binary not null,
    response text collate binary not null,
    first    bigint not null, -- sequence number of the row's first event
    last     bigint not null,
    events   text   not null,
    primary key (account, response, first)
);
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 0, 5, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_790c2563a094c304b3c5c2ddb1e767ea","object":"response","created_at":1795686701,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_790c2563a094c304b3c5c2ddb1e767ea","object":"response","created_at":1795686701,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_790c2563a094c304b3c5c2ddb1e767ea","object":"response","created_at":1795686701,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_979e53c3b483afeef42aafd5ab1374c8","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"You ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 6, 6, '6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"said: ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 7, 7, '7 response.output_text.delta {"type":"response.output_text.delta","sequence_number":7,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"slow ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 8, 8, '8 response.output_text.delta {"type":"response.output_text.delta","sequence_number":8,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"and ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 9, 9, '9 response.output_text.delta {"type":"response.output_text.delta","sequence_number":9,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"left ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 10, 10, '10 response.output_text.delta {"type":"response.output_text.delta","sequence_number":10,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"behind ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 11, 11, '11 response.output_text.delta {"type":"response.output_text.delta","sequence_number":11,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"one ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 12, 12, '12 response.output_text.delta {"type":"response.output_text.delta","sequence_number":12,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"two ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 13, 13, '13 response.output_text.delta {"type":"response.output_text.delta","sequence_number":13,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"three ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 14, 14, '14 response.output_text.delta {"type":"response.output_text.delta","sequence_number":14,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"four ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 15, 15, '15 response.output_text.delta {"type":"response.output_text.delta","sequence_number":15,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"five ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 16, 16, '16 response.output_text.delta {"type":"response.output_text.delta","sequence_number":16,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"six ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 17, 17, '17 response.output_text.delta {"type":"response.output_text.delta","sequence_number":17,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"seven ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 18, 18, '18 response.output_text.delta {"type":"response.output_text.delta","sequence_number":18,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"(1 ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_790c2563a094c304b3c5c2ddb1e767ea', 19, 23, '19 response.output_text.delta {"type":"response.output_text.delta","sequence_number":19,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","delta":"messages) ","logprobs":[]}
20 response.output_text.done {"type":"response.output_text.done","sequence_number":20,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","text":"You said: slow and left behind one two three four five six seven (1 messages) ","logprobs":[]}
21 response.content_part.done {"type":"response.content_part.done","sequence_number":21,"output_index":0,"content_index":0,"item_id":"msg_979e53c3b483afeef42aafd5ab1374c8","part":{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}}
22 response.output_item.done {"type":"response.output_item.done","sequence_number":22,"output_index":0,"item":{"id":"msg_979e53c3b483afeef42aafd5ab1374c8","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}}
23 response.completed {"type":"response.completed","sequence_number":23,"response":{"id":"resp_790c2563a094c304b3c5c2ddb1e767ea","object":"response","created_at":1795686701,"completed_at":1795686709,"status":"completed","background":true,"model":"big","output_text":"You said: slow and left behind one two three four five six seven (1 messages) ","output":[{"id":"msg_979e53c3b483afeef42aafd5ab1374c8","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_a69b1ad4a1b0eef919bfcde162abafd4', 0, 5, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_a69b1ad4a1b0eef919bfcde162abafd4","object":"response","created_at":1795686700,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_a69b1ad4a1b0eef919bfcde162abafd4","object":"response","created_at":1795686700,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_a69b1ad4a1b0eef919bfcde162abafd4","object":"response","created_at":1795686700,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_0271bf503ff7714d2655df38b8a9c35d","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_0271bf503ff7714d2655df38b8a9c35d","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_0271bf503ff7714d2655df38b8a9c35d","delta":"You ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_a69b1ad4a1b0eef919bfcde162abafd4', 6, 6, '6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_0271bf503ff7714d2655df38b8a9c35d","delta":"said: ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'resp_e6857547765442336ad44d53b21aa199', 0, 13, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_e6857547765442336ad44d53b21aa199","object":"response","created_at":1795686698,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_e6857547765442336ad44d53b21aa199","object":"response","created_at":1795686698,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_e6857547765442336ad44d53b21aa199","object":"response","created_at":1795686698,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","delta":"You ","logprobs":[]}
6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","delta":"said: ","logprobs":[]}
7 response.output_text.delta {"type":"response.output_text.delta","sequence_number":7,"output_index":0,"content_index":0,"item_id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","delta":"quick ","logprobs":[]}
8 response.output_text.delta {"type":"response.output_text.delta","sequence_number":8,"output_index":0,"content_index":0,"item_id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","delta":"(1 ","logprobs":[]}
9 response.output_text.delta {"type":"response.output_text.delta","sequence_number":9,"output_index":0,"content_index":0,"item_id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","delta":"messages) ","logprobs":[]}
10 response.output_text.done {"type":"response.output_text.done","sequence_number":10,"output_index":0,"content_index":0,"item_id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","text":"You said: quick (1 messages) ","logprobs":[]}
11 response.content_part.done {"type":"response.content_part.done","sequence_number":11,"output_index":0,"content_index":0,"item_id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","part":{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}}
12 response.output_item.done {"type":"response.output_item.done","sequence_number":12,"output_index":0,"item":{"id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}}
13 response.completed {"type":"response.completed","sequence_number":13,"response":{"id":"resp_e6857547765442336ad44d53b21aa199","object":"response","created_at":1795686698,"completed_at":1795686698,"status":"completed","background":true,"model":"big","output_text":"You said: quick (1 messages) ","output":[{"id":"msg_fb0fe7f332bc053a0cfe203ddafa702f","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
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
insert into "person" ("id", "email", "name", "password", "checked_at", "created_at", "changed_at") values ('per_ax5kkesu5jgzem25gf7npv2cjy', 'ada@example.com', 'Ada', '$argon2id$v=19$m=19456,t=2,p=1$DCFb3vXFoPMh55uLUNQInA$8lmGLPmsQY54RGEZVVO3I+5CP9VttgusHDV+maE4GWg', 0, 1795686704212481, 1795686704212481);
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
insert into "person_session" ("id", "digest", "person", "viewing", "created_at", "seen_at", "expires_at", "address", "agent") values ('ses_6467kt2wt4aotle7cm22j35cw3', X'238E50061555BECABF908B6C3A0568B54D4DDF86F4246A145A9A4F63128B807E', 'per_ax5kkesu5jgzem25gf7npv2cjy', '', 1795686704699925, 1795686704699925, 1798278704699925, '127.0.0.1', 'curl/7.88.1');
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
insert into "person_link" ("digest", "kind", "person", "member", "operator", "email", "inviter", "proves", "created_at", "expires_at", "used_at") values (X'35C4E426DC183277620405390DD2402F970C800964AEA602A09670967E83322C', 'setup', '', '', '', '', '', 0, 1795686683543546, 1795773083543546, 1795686704694914);
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
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498801, '', 'big', '', 4, 40, 30, 0, 0, 320000, 0);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498801, '', 'small', '', 2, 14, 18, 0, 0, 25000, 5000);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498801, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'big', 'key_tjow7ouzlz5uhftq4z426hiej6', 4, 40, 30, 0, 0, 320000, 0);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498801, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'small', 'key_tjow7ouzlz5uhftq4z426hiej6', 2, 14, 18, 0, 0, 25000, 5000);
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
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498801, '', '', '', 'other', 8, 0, 0, 125349, 8, 125256, 0, 0, 2, 0, 0, 1, 1, 1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498801, '', 'big', '', 'responses', 5, 0, 0, 146612, 5, 146542, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498801, '', 'skytower-upscale-2x', '', 'predictions', 1, 0, 0, 25415, 1, 25406, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498801, '', 'small', '', 'chat', 1, 0, 0, 93326, 1, 93265, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498801, '', 'small', '', 'responses', 1, 0, 0, 106138, 1, 106117, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498801, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', '', 'key_tjow7ouzlz5uhftq4z426hiej6', 'other', 1, 0, 0, 20441, 1, 20433, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498801, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'big', 'key_tjow7ouzlz5uhftq4z426hiej6', 'responses', 5, 0, 0, 146612, 5, 146542, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498801, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'skytower-upscale-2x', 'key_tjow7ouzlz5uhftq4z426hiej6', 'predictions', 1, 0, 0, 25415, 1, 25406, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498801, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'small', 'key_tjow7ouzlz5uhftq4z426hiej6', 'chat', 1, 0, 0, 93326, 1, 93265, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498801, 'acct_4gjmmyco3vsrh4xefg4lu2j3f3', 'small', 'key_tjow7ouzlz5uhftq4z426hiej6', 'responses', 1, 0, 0, 106138, 1, 106117, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498801, 'operator', '', 'opk_jkffn5uay5tansm4vone45yr6g', 'other', 7, 0, 0, 104908, 7, 104823, 0, 0, 2, 0, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
CREATE TABLE rollup (
    source  text collate binary not null primary key,
    settled bigint not null,
    days    bigint not null,
    kept    bigint not null,
    owner   text collate binary not null,
    until   bigint not null
);
insert into "rollup" ("source", "settled", "days", "kept", "owner", "until") values ('charges', 498801, 20783, 497952, 'PE2VWOPSP7PV7FX4XHIXRGJEZQ', 1795686746430224);
insert into "rollup" ("source", "settled", "days", "kept", "owner", "until") values ('requests', 498801, 20783, 497952, 'PE2VWOPSP7PV7FX4XHIXRGJEZQ', 1795686746430224);
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
, master_keys text not null default '');
CREATE TABLE body (
    request       text collate binary not null primary key,
    account       text collate binary not null,
    at            bigint  not null, -- when the request came
    expires_at    bigint  not null,
    file          text collate binary not null, -- id in table file
    sealed_key    text    not null,
    streamed      boolean not null,
    request_bytes bigint  not null, -- as it was; what is kept may be less
    answer_bytes  bigint  not null
);
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
insert into "river_leader" ("elected_at", "expires_at", "leader_id", "name") values ('2026-11-26 09:51:23.469', '2026-11-26 09:52:03.578', 'tower_2026_11_26T09_51_23_425023', 'default');
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
insert into "river_migration" ("line", "version", "created_at") values ('main', 1, '2026-11-26 09:51:21');
insert into "river_migration" ("line", "version", "created_at") values ('main', 2, '2026-11-26 09:51:21');
insert into "river_migration" ("line", "version", "created_at") values ('main', 3, '2026-11-26 09:51:21');
insert into "river_migration" ("line", "version", "created_at") values ('main', 4, '2026-11-26 09:51:22');
insert into "river_migration" ("line", "version", "created_at") values ('main', 5, '2026-11-26 09:51:22');
insert into "river_migration" ("line", "version", "created_at") values ('main', 6, '2026-11-26 09:51:22');
insert into "river_migration" ("line", "version", "created_at") values ('main', 7, '2026-11-26 09:51:22');
insert into "river_migration" ("line", "version", "created_at") values ('main', 8, '2026-11-26 09:51:22');
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
insert into "river_notification" ("id", "created_at", "payload", "topic") values (1, '2026-11-26 09:51:35.948', '{"queue": "local"}', 'river_insert');
insert into "river_notification" ("id", "created_at", "payload", "topic") values (2, '2026-11-26 09:51:38.163', '{"queue": "responses"}', 'river_insert');
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('local', '2026-11-26 09:51:23.509', X'0C', NULL, '2026-11-26 09:51:23.509');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('remote', '2026-11-26 09:51:23.439', X'0C', NULL, '2026-11-26 09:51:23.439');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('responses', '2026-11-26 09:51:23.513', X'0C', NULL, '2026-11-26 09:51:23.513');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('upkeep', '2026-11-26 09:51:23.524', X'0C', NULL, '2026-11-26 09:51:23.524');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('webhooks', '2026-11-26 09:51:23.523', X'0C', NULL, '2026-11-26 09:51:23.523');
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
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (1, X'CC4E276964C72430316132313734342D383430612D376337622D623635322D323761643366313238616131576D6F64656CC713736B79746F7765722D75707363616C652D327877617474656D70741330', 1, '2026-11-26 09:51:35.978', X'CB1FC71D766D5F323032365F31315F32365430395F35315F32335F343235303233', '2026-11-26 09:51:35.948', NULL, '2026-11-26 09:51:36.244', 'prediction_run', 25, X'0C', 1, 'local', 'completed', '2026-11-26 09:51:35.948', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (2, X'CC53776163636F756E74C71F616363745F34676A6D6D79636F33767372683478656667346C75326A336633276964C725726573705F6536383537353437373635343432333336616434346435336232316161313939', 1, '2026-11-26 09:51:38.166', X'CB1FC71D766D5F323032365F31315F32365430395F35315F32335F343235303233', '2026-11-26 09:51:38.162', NULL, '2026-11-26 09:51:38.244', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 09:51:38.162', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (3, X'CC53776163636F756E74C71F616363745F34676A6D6D79636F33767372683478656667346C75326A336633276964C725726573705F6136396231616434613162306565663931396266636465313632616261666434', 1, '2026-11-26 09:51:40.438', X'CB1FC71D766D5F323032365F31315F32365430395F35315F32335F343235303233', '2026-11-26 09:51:40.406', NULL, '2026-11-26 09:51:41.744', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 09:51:40.406', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (4, X'CC53776163636F756E74C71F616363745F34676A6D6D79636F33767372683478656667346C75326A336633276964C725726573705F3739306332353633613039346333303462336335633264646231653736376561', 1, '2026-11-26 09:51:41.662', X'CB1FC71D766D5F323032365F31315F32365430395F35315F32335F343235303233', '2026-11-26 09:51:41.659', NULL, NULL, 'response', 25, X'0C', 1, 'responses', 'running', '2026-11-26 09:51:41.659', X'0B', NULL, NULL);
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
CREATE INDEX body_account on body (account, at, request);
CREATE INDEX body_expires on body (expires_at);
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
insert into sqlite_sequence (name, seq) values ('goose_db_version', 15);
insert into sqlite_sequence (name, seq) values ('river_job', 4);
insert into sqlite_sequence (name, seq) values ('river_notification', 2);
commit;
