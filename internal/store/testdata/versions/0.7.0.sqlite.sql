pragma foreign_keys = off;
begin;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (1, 0, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (2, 1, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (3, 2, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (4, 3, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (5, 4, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (6, 5, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (7, 6, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (8, 7, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (9, 8, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (10, 9, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (11, 10, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (12, 11, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (13, 12, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (14, 13, 1, '2026-11-26 13:12:52');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (15, 14, 1, '2026-11-26 13:12:53');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (16, 15, 1, '2026-11-26 13:12:53');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (17, 16, 1, '2026-11-26 13:12:53');
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
insert into "change" ("seq", "kind", "ref", "at") values (1, 'operator', 'opk_vrzzb5scbzyxvbyaisu3ei4446', 1795698773532843);
insert into "change" ("seq", "kind", "ref", "at") values (2, 'account', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 1795698773532843);
insert into "change" ("seq", "kind", "ref", "at") values (3, 'key', 'key_cmxgzom4izbavuxyliuum4hf4d', 1795698773532843);
insert into "change" ("seq", "kind", "ref", "at") values (4, 'key', 'key_uopjkf4udscbc7xammfo6kld4c', 1795698788624393);
insert into "change" ("seq", "kind", "ref", "at") values (5, 'catalog', '1', 1795698789359672);
insert into "change" ("seq", "kind", "ref", "at") values (6, 'catalog', '2', 1795698790288502);
insert into "change" ("seq", "kind", "ref", "at") values (7, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_948112dccdde0f5420a7f400686a7850', 1795698794492638);
insert into "change" ("seq", "kind", "ref", "at") values (8, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_948112dccdde0f5420a7f400686a7850', 1795698794561748);
insert into "change" ("seq", "kind", "ref", "at") values (9, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_9f3b0194f87038f70a3189439fd3cc2e', 1795698797204674);
insert into "change" ("seq", "kind", "ref", "at") values (10, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_9f3b0194f87038f70a3189439fd3cc2e', 1795698797343868);
insert into "change" ("seq", "kind", "ref", "at") values (11, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_9f3b0194f87038f70a3189439fd3cc2e', 1795698797835629);
insert into "change" ("seq", "kind", "ref", "at") values (12, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_9f3b0194f87038f70a3189439fd3cc2e', 1795698798335639);
insert into "change" ("seq", "kind", "ref", "at") values (13, 'response_stop', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_9f3b0194f87038f70a3189439fd3cc2e', 1795698798532975);
insert into "change" ("seq", "kind", "ref", "at") values (14, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_9f3b0194f87038f70a3189439fd3cc2e', 1795698798574890);
insert into "change" ("seq", "kind", "ref", "at") values (15, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698798830557);
insert into "change" ("seq", "kind", "ref", "at") values (16, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698798945919);
insert into "change" ("seq", "kind", "ref", "at") values (17, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698799540772);
insert into "change" ("seq", "kind", "ref", "at") values (18, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698800039109);
insert into "change" ("seq", "kind", "ref", "at") values (19, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698800561894);
insert into "change" ("seq", "kind", "ref", "at") values (20, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698801041444);
insert into "change" ("seq", "kind", "ref", "at") values (21, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698801564876);
insert into "change" ("seq", "kind", "ref", "at") values (22, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698802046011);
insert into "change" ("seq", "kind", "ref", "at") values (23, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698802539900);
insert into "change" ("seq", "kind", "ref", "at") values (24, 'batch', 'batch_01m8bztfvrfh4e2q5bxncz2jx9', 1795698802558388);
insert into "change" ("seq", "kind", "ref", "at") values (25, 'batch', 'batch_01m8bztfvrfh4e2q5bxncz2jx9', 1795698802619134);
insert into "change" ("seq", "kind", "ref", "at") values (26, 'batch', 'batch_01m8bztfvrfh4e2q5bxncz2jx9', 1795698802759375);
insert into "change" ("seq", "kind", "ref", "at") values (27, 'batch', 'batch_01m8bztfvrfh4e2q5bxncz2jx9', 1795698802902896);
insert into "change" ("seq", "kind", "ref", "at") values (28, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698803041940);
insert into "change" ("seq", "kind", "ref", "at") values (29, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698803538944);
insert into "change" ("seq", "kind", "ref", "at") values (30, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698804049934);
insert into "change" ("seq", "kind", "ref", "at") values (31, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698804539481);
insert into "change" ("seq", "kind", "ref", "at") values (32, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698805041996);
insert into "change" ("seq", "kind", "ref", "at") values (33, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698805539814);
insert into "change" ("seq", "kind", "ref", "at") values (34, 'response', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg/resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1795698806569039);
insert into "change" ("seq", "kind", "ref", "at") values (35, 'batch', 'batch_01m8bztngeswtcvc2q5ps3xjfe', 1795698808335135);
insert into "change" ("seq", "kind", "ref", "at") values (36, 'batch', 'batch_01m8bztngeswtcvc2q5ps3xjfe', 1795698808418767);
insert into "change" ("seq", "kind", "ref", "at") values (37, 'batch', 'batch_01m8bztngeswtcvc2q5ps3xjfe', 1795698810644473);
insert into "change" ("seq", "kind", "ref", "at") values (38, 'batch', 'batch_01m8bztngeswtcvc2q5ps3xjfe', 1795698810946399);
CREATE TABLE account (
    id             text collate binary not null primary key,
    name           text   not null,
    suspend_reason text   not null default '',
    created_at     bigint not null,
    suspended_at   bigint, -- null: not suspended
    changed_at     bigint  -- null: never changed since
, webhook_secret text not null default '', retention bigint not null default -1, concurrency bigint not null default 0, tier text not null default '', auto_tier bigint not null default 1, closed_at bigint not null default 0, cleared_at bigint not null default 0, own_concurrency bigint not null default 0, keep_bodies bigint not null default 0);
insert into "account" ("id", "name", "suspend_reason", "created_at", "suspended_at", "changed_at", "webhook_secret", "retention", "concurrency", "tier", "auto_tier", "closed_at", "cleared_at", "own_concurrency", "keep_bodies") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'Default', '', 1795698773532066, NULL, NULL, '', -1, 0, '', 1, 0, 0, 0, 0);
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
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_2l5xrpmpwe7ygjefhxayryjxgu', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', '', X'B985E828E4C58DE238DB41675964E4206233066D9BC335DC728B5A7C638B70DD', 'sk-yffE…XV29', 'models:read predictions:read predictions:create inference files usage:read billing:read billing:write', 1795698812638508, 1795699712638509, NULL, 'mem_llmpbqzzhwup74lzxgw3lcuajk', '', '', -1, '', 0, 'ses_nfpqihtnrwotwpelxccnh4cngf');
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_cmxgzom4izbavuxyliuum4hf4d', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'First key', X'5714F5AB8A389603A15B45B5FAFCF791DBB3670AA189338EE06919CFB3DE0C25', 'sk-vZ4y…659j', '*', 1795698773532102, NULL, NULL, '', '', '', -1, '', 0, '');
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_uopjkf4udscbc7xammfo6kld4c', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'second', X'C01A23964E576BC5C368452142722A6A2F4B665C36B13D0DCA1B2E3EFF481A3E', 'sk-cEe9…oikY', '*', 1795698788623882, NULL, NULL, '', '', '', 5000000000, '', 0, '');
CREATE TABLE operator (
    id         text collate binary not null primary key,
    name       text   not null,
    role       text   not null check (role in ('operator', 'auditor')),
    created_at bigint not null
, person text collate binary not null default '', revoked_at bigint not null default 0);
insert into "operator" ("id", "name", "role", "created_at", "person", "revoked_at") values ('opr_ihtt7kid3vodzr2bafk5nltg2h', 'First operator', 'operator', 1795698773532064, 'per_7zjc3lmxw2oll5gefg5bucmxoy', 0);
CREATE TABLE operator_key (
    id         text collate binary not null primary key,
    operator   text collate binary not null references operator (id),
    digest     blob not null check (length(digest) = 32),
    masked     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
);
insert into "operator_key" ("id", "operator", "digest", "masked", "created_at", "expires_at", "revoked_at") values ('opk_vrzzb5scbzyxvbyaisu3ei4446', 'opr_ihtt7kid3vodzr2bafk5nltg2h', X'9E268E84086E89FD99C955C508471B42BD40171F8BE68382DBE4348979AF9B5E', 'op-Jjuk…siyY', 1795698773532064, NULL, NULL);
CREATE TABLE account_once (
    act text   not null primary key,
    at  bigint not null
);
insert into "account_once" ("act", "at") values ('bootstrap', 1795698773532220);
CREATE TABLE audit (
    seq     integer primary key autoincrement,
    at      bigint not null,
    actor   text   not null, -- id of the operator, or "system"
    action  text   not null, -- such as key.revoke
    subject text collate binary not null, -- id of what was acted on
    detail  text   not null default ''
);
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (1, 1795698773532395, 'system', 'operator.create', 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'operator');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (2, 1795698773532460, 'system', 'account.create', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'Default');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (3, 1795698773532533, 'system', 'key.create', 'key_cmxgzom4izbavuxyliuum4hf4d', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (4, 1795698787980851, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'credit.grant', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', '10.00 USD: Welcome');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (5, 1795698788624354, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'key.create', 'key_uopjkf4udscbc7xammfo6kld4c', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (6, 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'guard.put', 'private', 'kind: (none) → personal_data; on: (none) → both; action: (none) → redact; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (7, 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'guard.put', 'words', 'kind: (none) → rules; on: (none) → prompt; action: (none) → block; words: (none) → ["gherkin"]; patterns: (none) → ["(?i)code-[0-9]{4}"]; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (8, 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'provider.put', 'claude', 'kind: (none) → anthropic; base_url: (none) → https://api.anthropic.com/v1; credential: (none) → set; responses: (none) → auto; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (9, 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'provider.put', 'up', 'kind: (none) → openai; base_url: (none) → http://127.0.0.1:7411/v1; responses: (none) → auto; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (10, 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'model.put', 'auto', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; router: (none) → {"policy":"cheapest","sticky":"auto","rules":[{"when":{"tools":true},"policy":"fixed","models":["big"]}]}; open: (none) → true; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (11, 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'model.put', 'big', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":2,"output":8}; context_length: (none) → 128000; targets: (none) → [{"provider":"up","model":"big","weight":1,"first_byte_timeout":"20s","idle_timeout":"10s"}]; features: (none) → text, tools, images, json_schema; guards: (none) → private, words; open: (none) → true; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (12, 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'model.put', 'other', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":30,"output":90}; targets: (none) → [{"provider":"claude","model":"some-model","weight":1}]; open: (none) → true; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (13, 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'model.put', 'small', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":0.5,"output":1}; targets: (none) → [{"provider":"up","model":"down","weight":1},{"provider":"up","model":"small","priority":1,"weight":1,"cost":{"currency"…; features: (none) → text; cache: (none) → {"ttl":"10m","price_percent":10}; open: (none) → true; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (14, 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'settings.put', 'default_chat', 'default_chat: (none) → small');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (15, 1795698790284617, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'model.put', 'deepbrain-router', 'router: (none) → {"policy":"fixed","models":["small","big"],"sticky":"auto"}');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (16, 1795698811404705, 'per_7zjc3lmxw2oll5gefg5bucmxoy', 'person.create', 'per_7zjc3lmxw2oll5gefg5bucmxoy', '');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (17, 1795698811404792, 'per_7zjc3lmxw2oll5gefg5bucmxoy', 'operator.join', 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'per_7zjc3lmxw2oll5gefg5bucmxoy');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (18, 1795698811405075, 'per_7zjc3lmxw2oll5gefg5bucmxoy', 'member.create', 'mem_llmpbqzzhwup74lzxgw3lcuajk', 'account: acct_wv7qwpfb3oltdxp5ncib5pu6wg, role: owner');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (19, 1795698811405154, 'per_7zjc3lmxw2oll5gefg5bucmxoy', 'member.join', 'mem_llmpbqzzhwup74lzxgw3lcuajk', 'account: acct_wv7qwpfb3oltdxp5ncib5pu6wg');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (20, 1795698811435502, 'per_7zjc3lmxw2oll5gefg5bucmxoy', 'session.start', 'per_7zjc3lmxw2oll5gefg5bucmxoy', 'ses_nfpqihtnrwotwpelxccnh4cngf');
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
insert into "catalog_provider" ("name", "kind", "base_url", "credential", "credential_sealed", "fetch_inputs", "responses", "managed", "created_at") values ('claude', 'anthropic', 'https://api.anthropic.com/v1', '', 's1.db2e8359.mdEBT98xKBUJtzpCTJiTJueaPqIQSehH2k2iHQqhGFgsZdxeE-jSFUsLRyA', '', 'auto', 'r9.yaml', 1795698789339943);
insert into "catalog_provider" ("name", "kind", "base_url", "credential", "credential_sealed", "fetch_inputs", "responses", "managed", "created_at") values ('up', 'openai', 'http://127.0.0.1:7411/v1', '', '', '', 'auto', 'r9.yaml', 1795698789339943);
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
, input_schema text not null default '', output_schema text not null default '', deadline text not null default '', concurrency bigint not null default 0, pricing text not null default '', price_version bigint not null default 0, edge boolean not null default false, router text not null default '', features text collate binary not null default '', cache text not null default '', guards text collate binary not null default '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features", "cache", "guards") values ('auto', 4, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r9.yaml', 1795698789339943, '', '', '', 0, '', 0, 0, '{"policy":"cheapest","sticky":"auto","rules":[{"when":{"tools":true},"policy":"fixed","models":["big"]}]}', '', '', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features", "cache", "guards") values ('big', 2, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 128000, 'r9.yaml', 1795698789339943, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":2,"output":8}', 1, 0, '', 'text tools images json_schema', '', 'private words');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features", "cache", "guards") values ('deepbrain-router', 5, 1, '', '', '', '', '', '', '', '', 0, 0, 0, 0, '', 1793491200000000, '', '', '', 0, '', 0, 0, '{"policy":"fixed","models":["small","big"],"sticky":"auto"}', '', '', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features", "cache", "guards") values ('other', 3, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r9.yaml', 1795698789339943, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":30,"output":90}', 2, 0, '', '', '', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features", "cache", "guards") values ('small', 1, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r9.yaml', 1795698789339943, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":0.5,"output":1}', 3, 0, '', 'text', '{"ttl":"10m","price_percent":10}', '');
CREATE TABLE catalog_name (
    folded   text collate binary not null primary key,
    name     text collate binary not null,
    model    text collate binary not null references catalog_model (slug) on delete cascade,
    position bigint not null
);
insert into "catalog_name" ("folded", "name", "model", "position") values ('auto', 'auto', 'auto', 0);
insert into "catalog_name" ("folded", "name", "model", "position") values ('big', 'big', 'big', 0);
insert into "catalog_name" ("folded", "name", "model", "position") values ('deepbrain-router', 'deepbrain-router', 'deepbrain-router', 0);
insert into "catalog_name" ("folded", "name", "model", "position") values ('other', 'other', 'other', 0);
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
insert into "catalog_target" ("model", "position", "provider", "upstream", "priority", "weight", "fetch_inputs", "cost", "first_byte_timeout", "idle_timeout") values ('other', 0, 'claude', 'some-model', 0, 1, '', '', '', '');
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
insert into "charge_batch" ("id", "at", "lines") values ('hoismxeypk-1hq67c5x71bmm', 1795698792382520, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoismxqcgq-jh9274p5vp1d', 1795698792913562, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoismy7bhi-1on5gpasnyj6o', 1795698793705446, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoismyfmiu-r65bd7kirn02', 1795698794092998, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoismyows4-w970p8fw8xca', 1795698794526196, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn13knr-1zcolz7knbb3e', 1795698798569559, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn2q934-ycchd6s1dgru', 1795698801307264, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn2zzrt-3busr62bcqsa9', 1795698801761753, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn37ejv-yzzl6z063rdh', 1795698802107499, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn3kak5-3kk7bk5mywrnf', 1795698802708853, 3);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn5uth3-194o1bc8jntcx', 1795698806559159, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn76eio-2h9geyy8y4uh5', 1795698808779264, 8);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn7dpcb-2gw62zv9ow6is', 1795698809119883, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn7e568-obctsxep0nsh', 1795698809140400, 6);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn7eyr5-qvd6huwmp32l', 1795698809178737, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn7lz00-c3lic3uveasp', 1795698809505648, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn7m35d-269rl9pp5l7ta', 1795698809511025, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn7ojel-32fx3dkx6enu1', 1795698809625405, 5);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn7oy9f-gf3a7fz7yrg7', 1795698809644659, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn7uq0g-awkm7d9cj86g', 1795698809913904, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn7vmkf-jswba839tv9a', 1795698809956095, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn7wwk8-3fdkznvx0aqek', 1795698810015704, 4);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn80dvp-1xqpggzlz43xl', 1795698810178117, 2);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn845ct-srjq013dc5fv', 1795698810353693, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn86fir-1cjpwd59zvzia', 1795698810460179, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn87iom-150w9wt4lrrhx', 1795698810510934, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn880e9-3cmbdhusr1zzn', 1795698810533889, 3);
insert into "charge_batch" ("id", "at", "lines") values ('hoisn88smo-3o0dyc7rvg63x', 1795698810570480, 2);
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
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bzt5vbe16yd8evwhz01tyx', 'hoismxeypk-1hq67c5x71bmm', 1795698792382477, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bzt6b7xqe93vvym1tk4vbk', 'hoismxqcgq-jh9274p5vp1d', 1795698792913516, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bzt73e91f0dce41rhb3h70', 'hoismy7bhi-1on5gpasnyj6o', 1795698793588276, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bzt7kav1yktpggbb7gw1x6', 'hoismyfmiu-r65bd7kirn02', 1795698794092968, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztekbkg03aza7mnn8kdkk', 'hoisn2q934-ycchd6s1dgru', 1795698801307236, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztf31fdnrh6329r7r491j', 'hoisn2zzrt-3busr62bcqsa9', 1795698801761734, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'cache', 3, 7, 9, 0, 0, 1250, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztfdphdwty4hhx7fn5c96', 'hoisn37ejv-yzzl6z063rdh', 1795698802107473, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztfy3cd12p23xz0yk9kyx', 'hoisn3kak5-3kk7bk5mywrnf', 1795698802708848, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztfy3n7b3sqkv0strsqcf', 'hoisn3kak5-3kk7bk5mywrnf', 1795698802708750, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztfy3znktqw1btgjqq5wf', 'hoisn3kak5-3kk7bk5mywrnf', 1795698802708833, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkr025ntr8cz2en565a', 'hoisn76eio-2h9geyy8y4uh5', 1795698808777994, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkr148jkbh7hnh06y90', 'hoisn76eio-2h9geyy8y4uh5', 1795698808777863, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkr45zyxzws6e1ke7hw', 'hoisn7e568-obctsxep0nsh', 1795698809140293, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkr523wy2wbx7wjjr95', 'hoisn7e568-obctsxep0nsh', 1795698809140375, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkr6gmq3axayv2hpcq9', 'hoisn7e568-obctsxep0nsh', 1795698809140125, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkr91qk7z8nbmbja6tf', 'hoisn76eio-2h9geyy8y4uh5', 1795698808778931, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkrbg3674wdpg3b90cz', 'hoisn7e568-obctsxep0nsh', 1795698809139785, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkrc41gr36y3kw96vqe', 'hoisn7dpcb-2gw62zv9ow6is', 1795698809119785, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkrdap66tpw0fyqfwxc', 'hoisn76eio-2h9geyy8y4uh5', 1795698808778819, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkrjhj88693tqyheyph', 'hoisn76eio-2h9geyy8y4uh5', 1795698808778234, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkrng3vrhrpqfrtr72p', 'hoisn7eyr5-qvd6huwmp32l', 1795698809139807, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkrrsa4j2rk68tmt8f3', 'hoisn76eio-2h9geyy8y4uh5', 1795698808778759, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkrrxg99wfmc0v50cgf', 'hoisn7e568-obctsxep0nsh', 1795698809140396, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkrsx410b010hwsnym6', 'hoisn76eio-2h9geyy8y4uh5', 1795698808779230, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkrv249cs36g1zb3rjb', 'hoisn7e568-obctsxep0nsh', 1795698809140356, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztnkry6kdc944mfm9k0q9', 'hoisn76eio-2h9geyy8y4uh5', 1795698808778578, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9h0nv342kmrj75rmr3', 'hoisn7lz00-c3lic3uveasp', 1795698809505616, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9h1ephxpbscg45k0b8', 'hoisn7ojel-32fx3dkx6enu1', 1795698809566414, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9h1htqawcyxzdp2d95', 'hoisn7oy9f-gf3a7fz7yrg7', 1795698809625644, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9h9pf6z2zfyptm91h3', 'hoisn7vmkf-jswba839tv9a', 1795698809956082, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hbp42jdpefxwqnzn3', 'hoisn7wwk8-3fdkznvx0aqek', 1795698810002862, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hehjmmpxb4d8samvj', 'hoisn80dvp-1xqpggzlz43xl', 1795698810017499, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hfz6c9355es25jr41', 'hoisn7ojel-32fx3dkx6enu1', 1795698809568225, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hhpxjh1f9tr107tqt', 'hoisn7ojel-32fx3dkx6enu1', 1795698809568246, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hm2wdpme16dg1dqdg', 'hoisn7ojel-32fx3dkx6enu1', 1795698809568306, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hr80qcg2rh934zgq5', 'hoisn7uq0g-awkm7d9cj86g', 1795698809913825, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hsbnnagqwkfmjjayg', 'hoisn7ojel-32fx3dkx6enu1', 1795698809566760, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hsgdjr6tfssdet5tf', 'hoisn7m35d-269rl9pp5l7ta', 1795698809511016, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hx5a5d7152njy08ap', 'hoisn7wwk8-3fdkznvx0aqek', 1795698810005466, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hxmqezpbgv9gp9nb9', 'hoisn80dvp-1xqpggzlz43xl', 1795698810127867, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hyhcgtrgeztna3abw', 'hoisn7wwk8-3fdkznvx0aqek', 1795698809997856, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztp9hzx21802gnzg1w2av', 'hoisn7wwk8-3fdkznvx0aqek', 1795698810005420, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztq4w6x5mkenhdbpt29pz', 'hoisn87iom-150w9wt4lrrhx', 1795698810510757, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztq4w820e46hgay619192', 'hoisn880e9-3cmbdhusr1zzn', 1795698810533885, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztq4wgcfjez7tnrf1vkqz', 'hoisn88smo-3o0dyc7rvg63x', 1795698810533958, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztq4wgd0bf1xee9vtxh62', 'hoisn88smo-3o0dyc7rvg63x', 1795698810533934, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztq4wnkwknf6epwgq993s', 'hoisn845ct-srjq013dc5fv', 1795698810353671, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztq4ws0vjy0zw1mf4ea8s', 'hoisn880e9-3cmbdhusr1zzn', 1795698810533630, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztq4wsmharaep6hwn31fh', 'hoisn86fir-1cjpwd59zvzia', 1795698810460141, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8bztq4wy3fmyb92qj64yqqf', 'hoisn880e9-3cmbdhusr1zzn', 1795698810533814, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_19dabd68ff63f7a2657f2254cdcdd3fb', 'hoisn5uth3-194o1bc8jntcx', 1795698806554275, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_948112dccdde0f5420a7f400686a7850', 'hoismyows4-w970p8fw8xca', 1795698794520086, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_9f3b0194f87038f70a3189439fd3cc2e', 'hoisn13knr-1zcolz7knbb3e', 1795698798550735, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 1, 19, 3, 0, 0, 62000, 1, 'hang_up', 'tokens', 0, '', 0, 0, '');
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
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt0ybhxvf5830qgrsvg7n', 1795698787275288, 'GET', '/admin/v1/accounts', '/admin/v1/accounts', 200, 'ok', '', 'operator', 'opk_vrzzb5scbzyxvbyaisu3ei4446', '', '', 0, 0, 0, 230, 1240, 1246, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt1mcznd769xmbv07sa1p', 1795698787980633, 'POST', '/admin/v1/accounts/{id}/credit', '/admin/v1/accounts/acct_wv7qwpfb3oltdxp5ncib5pu6wg/credit', 200, 'ok', '', 'operator', 'opk_vrzzb5scbzyxvbyaisu3ei4446', '', '', 0, 0, 51, 253, 9219, 9225, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt28fgd8jkyx2213y7kqe', 1795698788623660, 'POST', '/admin/v1/keys', '/admin/v1/keys', 200, 'ok', '', 'operator', 'opk_vrzzb5scbzyxvbyaisu3ei4446', '', '', 0, 0, 28, 431, 20897, 20905, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt2yb7zgged3e506jtsc2', 1795698789323954, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_vrzzb5scbzyxvbyaisu3ei4446', '', '', 0, 0, 1282, 2693, 6663, 6687, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt2yp18p80rj6baha89tk', 1795698789334539, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_vrzzb5scbzyxvbyaisu3ei4446', '', '', 0, 0, 1267, 2694, 85602, 85634, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt3vz2t8htbzshd4d5jrv', 1795698790271216, 'GET', '/admin/v1/models', '/admin/v1/models', 200, 'ok', '', 'operator', 'opk_vrzzb5scbzyxvbyaisu3ei4446', '', '', 0, 0, 0, 3463, 5624, 5903, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt3w9jn2c699kbmy0zabn', 1795698790281447, 'PUT', '/admin/v1/models/{slug}', '/admin/v1/models/deepbrain-router', 200, 'ok', '', 'operator', 'opk_vrzzb5scbzyxvbyaisu3ei4446', '', '', 0, 0, 159, 175, 76910, 76918, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt448xbqan2paavbgnz9e', 1795698790536059, 'POST', '/v1/predictions', '/v1/predict', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'skytower-upscale-2x', '', 0, 0, 446, 1268, 73405, 73416, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt5vbe16yd8evwhz01tyx', 1795698792299996, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 7, 9, 60, 273, 104203, 104224, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt6b7xqe93vvym1tk4vbk', 1795698792807182, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 7, 9, 55, 1030, 311588, 311617, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt73e91f0dce41rhb3h70', 1795698793582650, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 106, 1326, 183188, 183214, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt7kav1yktpggbb7gw1x6', 1795698794090128, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 37, 1306, 13549, 13625, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bzt7ydgpka07vh8vgbhxvt', 1795698794445692, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', '', 0, 0, 49, 624, 24463, 24477, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztakx9y9vk6q5hw6n38rf', 1795698797181728, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', '', 0, 0, 78, 624, 4199, 4209, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztby4dty0g9aesmgjj79p', 1795698798532249, 'POST', '/v1/responses/{id}/cancel', '/v1/responses/resp_9f3b0194f87038f70a3189439fd3cc2e/cancel', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', '', '', 0, 0, 0, 627, 57995, 58002, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztc5srzaf2nkhj91f8ddh', 1795698798777948, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', '', 0, 0, 98, 624, 22191, 22282, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztekbkg03aza7mnn8kdkk', 1795698801259902, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 7, 9, 64, 276, 93081, 93105, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztf31fdnrh6329r7r491j', 1795698801761579, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'cache', 7, 9, 64, 276, 22536, 22556, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztf811ngmg6009gbr3m9j', 1795698801921041, 'POST', '/v1/chat/completions', '/v1/chat/completions', 451, 'error', 'CONTENT_POLICY_VIOLATION', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 0, 0, 66, 322, 803, 807, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztfdphdwty4hhx7fn5c96', 1795698802102150, 'POST', '/v1/messages', '/v1/messages', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 99, 325, 51032, 51056, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztfnhxcnfapqnhq1zv18w', 1795698802353473, 'POST', '/v1/files', '/v1/files', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', '', '', 0, 0, 816, 354, 48336, 48344, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztfvrb5eaf2rsnm7vbwcq', 1795698802552178, 'POST', '/v1/batches', '/v1/batches', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', '', '', 0, 0, 111, 504, 13845, 13851, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztfy3cd12p23xz0yk9kyx', 1795698802627000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 7, 9, 65, 277, 0, 94588, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztfy3n7b3sqkv0strsqcf', 1795698802627000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 7, 9, 65, 277, 0, 92450, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztfy3yszf015z9wp9wcpc', 1795698802627000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 404, 'error', 'MODEL_NOT_FOUND', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', '', '', 0, 0, 33, 242, 0, 171, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztfy3znktqw1btgjqq5wf', 1795698802627000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'up/small', 7, 9, 65, 277, 0, 92233, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztmzh67ermqvvsv21j4dx', 1795698807793635, 'POST', '/v1/files', '/v1/files', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', '', '', 0, 0, 6525, 353, 74752, 74763, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztngemchttzbz43n67cps', 1795698808334341, 'POST', '/v1/batches', '/v1/batches', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', '', '', 0, 0, 111, 504, 35333, 35344, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkr025ntr8cz2en565a', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 83, 511, 0, 341194, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkr148jkbh7hnh06y90', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 83, 511, 0, 329937, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkr45zyxzws6e1ke7hw', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 343880, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkr523wy2wbx7wjjr95', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 344350, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkr6gmq3axayv2hpcq9', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 344024, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkr91qk7z8nbmbja6tf', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 83, 511, 0, 333357, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkrbg3674wdpg3b90cz', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 343536, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkrc41gr36y3kw96vqe', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 83, 511, 0, 305790, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkrdap66tpw0fyqfwxc', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 83, 511, 0, 333782, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkrjhj88693tqyheyph', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 83, 511, 0, 339744, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkrng3vrhrpqfrtr72p', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 418024, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkrrsa4j2rk68tmt8f3', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 83, 511, 0, 340083, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkrrxg99wfmc0v50cgf', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 343948, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkrsx410b010hwsnym6', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 83, 511, 0, 339385, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkrv249cs36g1zb3rjb', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 343787, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztnkry6kdc944mfm9k0q9', 1795698808440000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 83, 511, 0, 342945, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9h0nv342kmrj75rmr3', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 355037, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9h1ephxpbscg45k0b8', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 380788, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9h1htqawcyxzdp2d95', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 343723, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9h9pf6z2zfyptm91h3', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 357026, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hbp42jdpefxwqnzn3', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 470565, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hehjmmpxb4d8samvj', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 518360, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hfz6c9355es25jr41', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 381620, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hhpxjh1f9tr107tqt', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 380070, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hm2wdpme16dg1dqdg', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 380010, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hr80qcg2rh934zgq5', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 421668, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hsbnnagqwkfmjjayg', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 380615, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hsgdjr6tfssdet5tf', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 394784, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hx5a5d7152njy08ap', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 471856, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hxmqezpbgv9gp9nb9', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 461868, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hyhcgtrgeztna3abw', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 537251, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztp9hzx21802gnzg1w2av', 1795698809137000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 472173, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztpqeyn5h3pwkpmkdckk9', 1795698809582500, 'GET', '/v1/batches', '/v1/batches', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', '', '', 0, 0, 0, 1228, 680, 684, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztq4w6x5mkenhdbpt29pz', 1795698810012000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 328021, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztq4w820e46hgay619192', 1795698810012000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 346478, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztq4wgcfjez7tnrf1vkqz', 1795698810012000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 368268, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztq4wgd0bf1xee9vtxh62', 1795698810012000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 369556, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztq4wnkwknf6epwgq993s', 1795698810012000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 320459, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztq4ws0vjy0zw1mf4ea8s', 1795698810012000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 347744, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztq4wsmharaep6hwn31fh', 1795698810012000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 319742, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8bztq4wy3fmyb92qj64yqqf', 1795698810012000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'up/big', 7, 9, 84, 512, 0, 346930, 0, 'batch');
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
insert into "prediction" ("id", "account", "api_key", "model", "shown", "type", "spelling", "source", "stream", "input", "status", "version", "created_at", "started_at", "completed_at", "updated_at", "idempotency_key", "request_hash", "handed", "attempt", "beat", "cancel", "target", "submission", "upstream", "deadline", "output", "error", "error_id", "logs", "progress", "predict_time", "event_count", "purge_at", "removed", "webhook_url", "webhook_events", "webhook_base", "webhook_key", "amount", "price_version", "quote") values ('01a217fd-1088-7e23-b5cc-6ccdcd93d0f2', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', 'skytower-upscale-2x', 'skytower-upscale-2x', 'image', 'cancelled', 'api', 0, '{"image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABGdBTUEAALGPC/xhBQAAACBjSFJNAAB6JgAAgIQAAPoAAACA6AAAdTAAAOpgAAA6mAAAF3CculE8AAAABlBMVEX/AAD///9BHTQRAAAAAWJLR0QB/wIt3gAAAAd0SU1FB+oLGg0MLzzD9agAAAALSURBVAjXY2BABQAAEAABocUhwQAAACV0RVh0ZGF0ZTpjcmVhdGUAMjAyNi0xMS0yNlQxMzoxMjo0NyswMDowMO8WzH4AAAAldEVYdGRhdGU6bW9kaWZ5ADIwMjYtMTEtMjZUMTM6MTI6NDcrMDA6MDCeS3TCAAAAAElFTkSuQmCC"}', 'succeeded', 4, 1795698790536921, 1795698790635411, 1795698790890416, 1795698790890416, NULL, X'975A0E83CFA470EC6C88041276A46D8180D1A69C4BAC0C7F24D1A6F6DAE16DAE', 0, 1, 1795698790890682, 0, '', '', '', 1795700590635411, 'null', '', '', '', 99999, 141822, 0, 1795785190890416, 0, '', '', 'http://127.0.0.1:8071', '', 0, 0, '');
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
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('account', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 0, 1795698790558141, '');
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('model', 'skytower-upscale-2x', 0, 1795698790558141, '');
CREATE TABLE prediction_count (
    account text collate binary not null,
    day     bigint not null, -- of creation, days since 1970 in UTC
    model   text collate binary not null,
    status  text collate binary not null,
    n       bigint not null,
    primary key (account, day, model, status)
);
insert into "prediction_count" ("account", "day", "model", "status", "n") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 20783, 'skytower-upscale-2x', 'succeeded', 1);
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
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8bzt4dftf14553b9xnfddjj', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', '01a217fd-1088-7e23-b5cc-6ccdcd93d0f2', 1, 0, 'output', 'upscaled.png', 'image/png', 500, '', X'747B4EABE53DB03545368B1E57F4198EFDEF6B92D4B1BF18AA723986B4359979', 'kept', 1795698790831314, 1795785190890416);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8bztfnhgqek39wjbsxcxa4s', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', '', 0, 0, 'upload', 'lines.jsonl', 'text/plain', 512, 'batch', X'4714B8F9512C2E0598E84976069F2FF51D2B9EDB876E271BEAA911DB8DAF0D39', 'kept', 1795698802353886, 1795788802552656);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8bztg3ytfe30recxaw4fs2c', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', '', 0, 0, 'upload', 'batch_01m8bztfvrfh4e2q5bxncz2jx9_output.jsonl', 'application/jsonl', 1239, 'batch_output', X'01595C9BF7326A091A3E81D86524C746C9EE0BAFD1DBD1A576BFCE0F9B9AA5FF', 'kept', 1795698802814614, 1798290802902589);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8bztg5ta49bq843kcrk3nhy', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', '', 0, 0, 'upload', 'batch_01m8bztfvrfh4e2q5bxncz2jx9_error.jsonl', 'application/jsonl', 402, 'batch_output', X'C032CE1E741662DD272B654A2EEE82CF3E066858BD93438F96ABDDAE7093076E', 'kept', 1795698802874605, 1798290802902589);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8bztmzhtn7ajaghca447qyx', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', '', 0, 0, 'upload', 'more.jsonl', 'text/plain', 6222, 'batch', X'0DDD7693F9D7717F53AD4A7638207F6820DC601A34F51FCE1C92B7BD8AB4D8F5', 'kept', 1795698807793999, 1795788808334899);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8bztqzbekzvwdx45r7qr23x', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', '', 0, 0, 'upload', 'batch_01m8bztngeswtcvc2q5ps3xjfe_output.jsonl', 'application/jsonl', 26582, 'batch_output', X'8A865E1DC418C463063FCC8336D3A34CE369F406EFE99CE4F2875A0DE6BA972B', 'kept', 1795698810859898, 1798290810946294);
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
insert into "account_member" ("id", "account", "name", "email", "role", "created_at", "removed_at", "person") values ('mem_llmpbqzzhwup74lzxgw3lcuajk', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'Ada', 'ada@example.com', 'owner', 1795698811404946, 0, 'per_7zjc3lmxw2oll5gefg5bucmxoy');
CREATE TABLE price (
    version bigint not null primary key, -- from 1
    model   text collate binary not null,
    at      bigint not null,
    actor   text   not null,
    spec    text   not null -- JSON of the operator's pricing
);
insert into "price" ("version", "model", "at", "actor", "spec") values (1, 'big', 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', '{"currency":"USD","unit":"million_token","input":2,"output":8}');
insert into "price" ("version", "model", "at", "actor", "spec") values (2, 'other', 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', '{"currency":"USD","unit":"million_token","input":30,"output":90}');
insert into "price" ("version", "model", "at", "actor", "spec") values (3, 'small', 1795698789340385, 'opr_ihtt7kid3vodzr2bafk5nltg2h', '{"currency":"USD","unit":"million_token","input":0.5,"output":1}');
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
insert into "purse" ("id", "kind", "owner", "credit_line", "draw_order", "held", "seq", "earlier", "created_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'account', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 0, 'sponsored deposited payg', 0, 3, 0, 1795698787981353);
CREATE TABLE bucket (
    id         text collate binary not null primary key, -- PURSE:KIND or PURSE:sponsored:N
    purse      text collate binary not null references purse (id),
    kind       text   not null check (kind in ('sponsored', 'deposited', 'payg', 'budget')),
    seq        bigint not null,
    balance    bigint not null check (typeof(balance) = 'integer'), -- a sum too large becomes a float there
    expires_at bigint not null, -- 0: never
    created_at bigint not null
);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg:deposited', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'deposited', 1, 0, 0, 1795698787981353);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg:payg', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'payg', 2, 0, 0, 1795698787981353);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'sponsored', 3, 9995991750, 0, 1795698787981353);
CREATE TABLE posting (
    transfer text collate binary not null,
    source   text collate binary not null,
    dest     text collate binary not null,
    amount   bigint not null check (amount > 0),
    at       bigint not null,
    primary key (transfer, source, dest)
 ) without rowid;
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoismxeypk-1hq67c5x71bmm', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 12500, 1795698792382520);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoismxqcgq-jh9274p5vp1d', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 12500, 1795698792913562);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoismy7bhi-1on5gpasnyj6o', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698793705446);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoismyfmiu-r65bd7kirn02', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698794092998);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoismyows4-w970p8fw8xca', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698794526196);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn13knr-1zcolz7knbb3e', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 62000, 1795698798569559);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn2q934-ycchd6s1dgru', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 12500, 1795698801307264);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn2zzrt-3busr62bcqsa9', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 1250, 1795698801761753);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn37ejv-yzzl6z063rdh', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698802107499);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn3kak5-3kk7bk5mywrnf', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 37500, 1795698802708853);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn5uth3-194o1bc8jntcx', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698806559159);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn76eio-2h9geyy8y4uh5', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 688000, 1795698808779264);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn7dpcb-2gw62zv9ow6is', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698809119883);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn7e568-obctsxep0nsh', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 516000, 1795698809140400);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn7eyr5-qvd6huwmp32l', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698809178737);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn7lz00-c3lic3uveasp', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698809505648);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn7m35d-269rl9pp5l7ta', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698809511025);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn7ojel-32fx3dkx6enu1', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 430000, 1795698809625405);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn7oy9f-gf3a7fz7yrg7', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698809644659);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn7uq0g-awkm7d9cj86g', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698809913904);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn7vmkf-jswba839tv9a', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698809956095);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn7wwk8-3fdkznvx0aqek', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 344000, 1795698810015704);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn80dvp-1xqpggzlz43xl', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 172000, 1795698810178117);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn845ct-srjq013dc5fv', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698810353693);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn86fir-1cjpwd59zvzia', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698810460179);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn87iom-150w9wt4lrrhx', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 86000, 1795698810510934);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn880e9-3cmbdhusr1zzn', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 258000, 1795698810533889);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoisn88smo-3o0dyc7rvg63x', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 'revenue', 172000, 1795698810570480);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('operator/acct_wv7qwpfb3oltdxp5ncib5pu6wg/snnppzr6oa5v76mdejd65ls7aw', 'granted', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', 10000000000, 1795698787980851);
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
insert into "transfer" ("id", "kind", "account", "amount", "at", "actor", "reason", "ref", "digest") values ('operator/acct_wv7qwpfb3oltdxp5ncib5pu6wg/snnppzr6oa5v76mdejd65ls7aw', 'grant', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 10000000000, 1795698787980851, 'opr_ihtt7kid3vodzr2bafk5nltg2h', 'Welcome', '', X'CECB70A6C5B8F1039D24267ED96ACE3DDA764A41DD711E0E95458DF2FD85917E');
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
insert into "lease" ("id", "purse", "bucket", "replica", "amount", "used", "state", "recall", "created_at", "expires_at") values ('lease_HAFM4VYKFH5OPPPN2OQJZCM5E5', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg:sponsored:3', '2KDUSXGVADASBHEA47A2T5I7AF', 2493408000, 4008250, 'live', 0, 1795698792300777, 1795698873565673);
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
insert into "response_thread" ("account", "id", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 1798290806568879);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_539cc871a912d14b1c7b3bca9dd430f4', 1798290793744035);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_948112dccdde0f5420a7f400686a7850', 1798290794561632);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_9f3b0194f87038f70a3189439fd3cc2e', 1798290798574776);
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
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', '', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'completed', 1, '{"id":"resp_19dabd68ff63f7a2657f2254cdcdd3fb","object":"response","created_at":1795698798,"completed_at":1795698806,"status":"completed","background":true,"model":"big","output_text":"You said: slow and left behind one two three four five six seven (1 messages) ","output":[{"id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":[{"blocked":false,"source_type":"prompt","content_filter_results":{"personal_data":{"filtered":false,"detected":false},"rules":{"filtered":false,"detected":false}}},{"blocked":false,"source_type":"completion","content_filter_results":{"personal_data":{"filtered":false,"detected":false}}}],"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 22, 0, 1795698805539608, 1795698798778210, 1795698806568204);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_539cc871a912d14b1c7b3bca9dd430f4', 'resp_539cc871a912d14b1c7b3bca9dd430f4', '', 'key_cmxgzom4izbavuxyliuum4hf4d', 'small', 'completed', 0, '{"id":"resp_539cc871a912d14b1c7b3bca9dd430f4","object":"response","created_at":1795698792,"completed_at":1795698792,"status":"completed","background":false,"model":"small","output_text":"You said: My name is Ada. (1 messages)","output":[{"id":"msg_b8cd79a67b37a7d965104afb0cb8c762","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: My name is Ada. (1 messages)","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 0, -1, 0, 0, 1795698792000000, 1795698792995747);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_948112dccdde0f5420a7f400686a7850', 'resp_948112dccdde0f5420a7f400686a7850', '', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'completed', 1, '{"id":"resp_948112dccdde0f5420a7f400686a7850","object":"response","created_at":1795698794,"completed_at":1795698794,"status":"completed","background":true,"model":"big","output_text":"You said: quick (1 messages) ","output":[{"id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":[{"blocked":false,"source_type":"prompt","content_filter_results":{"personal_data":{"filtered":false,"detected":false},"rules":{"filtered":false,"detected":false}}},{"blocked":false,"source_type":"completion","content_filter_results":{"personal_data":{"filtered":false,"detected":false}}}],"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 12, 0, 1795698794491956, 1795698794446243, 1795698794550410);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_9f3b0194f87038f70a3189439fd3cc2e', 'resp_9f3b0194f87038f70a3189439fd3cc2e', '', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'cancelled', 1, '{"id":"resp_9f3b0194f87038f70a3189439fd3cc2e","object":"response","created_at":1795698797,"completed_at":null,"status":"cancelled","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 6, 1795698798532909, 1795698798551122, 1795698797182092, 1795698798574551);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_d2aca4e33806a9953f943f061b6c9241', 'resp_539cc871a912d14b1c7b3bca9dd430f4', 'resp_539cc871a912d14b1c7b3bca9dd430f4', 'key_cmxgzom4izbavuxyliuum4hf4d', 'big', 'completed', 0, '{"id":"resp_d2aca4e33806a9953f943f061b6c9241","object":"response","created_at":1795698793,"completed_at":1795698793,"status":"completed","background":false,"model":"big","output_text":"You said: Who? (3 messages)","output":[{"id":"msg_1db741288b2b06ea84a5ce6eb2458b7a","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Who? (3 messages)","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":"resp_539cc871a912d14b1c7b3bca9dd430f4","store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":[{"blocked":false,"source_type":"prompt","content_filter_results":{"personal_data":{"filtered":false,"detected":false},"rules":{"filtered":false,"detected":false}}},{"blocked":false,"source_type":"completion","content_filter_results":{"personal_data":{"filtered":false,"detected":false}}}],"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 0, -1, 0, 0, 1795698793000000, 1795698793741938);
CREATE TABLE response_item (
    account    text collate binary not null,
    response   text collate binary not null,
    place      bigint not null, -- input: -N to -1; output: from 0
    id         text collate binary not null,
    body       text   not null, -- JSON
    expires_at bigint not null, -- 0: with the thread
    primary key (account, response, place)
);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', -1, 'msg_01m8bztc5t5e668cwxz94yhnnn', '{"type":"message","role":"user","content":[{"type":"input_text","text":"slow and left behind one two three four five six seven"}],"id":"msg_01m8bztc5t5e668cwxz94yhnnn"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 0, 'msg_2fabaa4b93bc63fdc2f9b0f2408d940d', '{"id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_539cc871a912d14b1c7b3bca9dd430f4', -1, 'msg_01m8bzt6b7xy8gpp03yq8t1kgz', '{"type":"message","role":"user","content":[{"type":"input_text","text":"My name is Ada."}],"id":"msg_01m8bzt6b7xy8gpp03yq8t1kgz"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_539cc871a912d14b1c7b3bca9dd430f4', 0, 'msg_b8cd79a67b37a7d965104afb0cb8c762', '{"id":"msg_b8cd79a67b37a7d965104afb0cb8c762","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: My name is Ada. (1 messages)","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_948112dccdde0f5420a7f400686a7850', -1, 'msg_01m8bzt7ydjg966qch6w833j2v', '{"type":"message","role":"user","content":[{"type":"input_text","text":"quick"}],"id":"msg_01m8bzt7ydjg966qch6w833j2v"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_948112dccdde0f5420a7f400686a7850', 0, 'msg_60cca067a9cdc35355b9c83d16ddf1a9', '{"id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_9f3b0194f87038f70a3189439fd3cc2e', -1, 'msg_01m8bztakxw5ne98jdx90ch39v', '{"type":"message","role":"user","content":[{"type":"input_text","text":"slow to be cancelled one two three"}],"id":"msg_01m8bztakxw5ne98jdx90ch39v"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_d2aca4e33806a9953f943f061b6c9241', -1, 'msg_01m8bzt73f3h5cxmgmwxs98e68', '{"type":"message","role":"user","content":[{"type":"input_text","text":"Who?"}],"id":"msg_01m8bzt73f3h5cxmgmwxs98e68"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_d2aca4e33806a9953f943f061b6c9241', 0, 'msg_1db741288b2b06ea84a5ce6eb2458b7a', '{"id":"msg_1db741288b2b06ea84a5ce6eb2458b7a","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Who? (3 messages)","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_fbc6061fb13400460ee766fcbf6a4e06', 0, 'msg_d6c32c6c24532f8a9c8207e73e7e5f00', '{"id":"msg_d6c32c6c24532f8a9c8207e73e7e5f00","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Not stored. (1 messages)","annotations":[],"logprobs":[]}]}', 1795699394103666);
CREATE TABLE response_event (
    account  text collate binary not null,
    response text collate binary not null,
    first    bigint not null, -- sequence number of the row's first event
    last     bigint not null,
    events   text   not null,
    primary key (account, response, first)
);
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 0, 5, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_19dabd68ff63f7a2657f2254cdcdd3fb","object":"response","created_at":1795698798,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_19dabd68ff63f7a2657f2254cdcdd3fb","object":"response","created_at":1795698798,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_19dabd68ff63f7a2657f2254cdcdd3fb","object":"response","created_at":1795698798,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"You ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 6, 6, '6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"said: ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 7, 7, '7 response.output_text.delta {"type":"response.output_text.delta","sequence_number":7,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"slow ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 8, 8, '8 response.output_text.delta {"type":"response.output_text.delta","sequence_number":8,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"and ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 9, 9, '9 response.output_text.delta {"type":"response.output_text.delta","sequence_number":9,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"left ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 10, 10, '10 response.output_text.delta {"type":"response.output_text.delta","sequence_number":10,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"behind ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 11, 11, '11 response.output_text.delta {"type":"response.output_text.delta","sequence_number":11,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"one ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 12, 12, '12 response.output_text.delta {"type":"response.output_text.delta","sequence_number":12,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"two ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 13, 13, '13 response.output_text.delta {"type":"response.output_text.delta","sequence_number":13,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"three ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 14, 14, '14 response.output_text.delta {"type":"response.output_text.delta","sequence_number":14,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"four ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 15, 15, '15 response.output_text.delta {"type":"response.output_text.delta","sequence_number":15,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"five ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 16, 16, '16 response.output_text.delta {"type":"response.output_text.delta","sequence_number":16,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"six ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 17, 17, '17 response.output_text.delta {"type":"response.output_text.delta","sequence_number":17,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"seven ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_19dabd68ff63f7a2657f2254cdcdd3fb', 18, 22, '18 response.output_text.delta {"type":"response.output_text.delta","sequence_number":18,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","delta":"(1 messages) ","logprobs":[]}
19 response.output_text.done {"type":"response.output_text.done","sequence_number":19,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","text":"You said: slow and left behind one two three four five six seven (1 messages) ","logprobs":[]}
20 response.content_part.done {"type":"response.content_part.done","sequence_number":20,"output_index":0,"content_index":0,"item_id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","part":{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}}
21 response.output_item.done {"type":"response.output_item.done","sequence_number":21,"output_index":0,"item":{"id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}}
22 response.completed {"type":"response.completed","sequence_number":22,"response":{"id":"resp_19dabd68ff63f7a2657f2254cdcdd3fb","object":"response","created_at":1795698798,"completed_at":1795698806,"status":"completed","background":true,"model":"big","output_text":"You said: slow and left behind one two three four five six seven (1 messages) ","output":[{"id":"msg_2fabaa4b93bc63fdc2f9b0f2408d940d","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":[{"blocked":false,"source_type":"prompt","content_filter_results":{"personal_data":{"filtered":false,"detected":false},"rules":{"filtered":false,"detected":false}}},{"blocked":false,"source_type":"completion","content_filter_results":{"personal_data":{"filtered":false,"detected":false}}}],"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_948112dccdde0f5420a7f400686a7850', 0, 12, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_948112dccdde0f5420a7f400686a7850","object":"response","created_at":1795698794,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_948112dccdde0f5420a7f400686a7850","object":"response","created_at":1795698794,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_948112dccdde0f5420a7f400686a7850","object":"response","created_at":1795698794,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","delta":"You ","logprobs":[]}
6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","delta":"said: ","logprobs":[]}
7 response.output_text.delta {"type":"response.output_text.delta","sequence_number":7,"output_index":0,"content_index":0,"item_id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","delta":"quick ","logprobs":[]}
8 response.output_text.delta {"type":"response.output_text.delta","sequence_number":8,"output_index":0,"content_index":0,"item_id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","delta":"(1 messages) ","logprobs":[]}
9 response.output_text.done {"type":"response.output_text.done","sequence_number":9,"output_index":0,"content_index":0,"item_id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","text":"You said: quick (1 messages) ","logprobs":[]}
10 response.content_part.done {"type":"response.content_part.done","sequence_number":10,"output_index":0,"content_index":0,"item_id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","part":{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}}
11 response.output_item.done {"type":"response.output_item.done","sequence_number":11,"output_index":0,"item":{"id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}}
12 response.completed {"type":"response.completed","sequence_number":12,"response":{"id":"resp_948112dccdde0f5420a7f400686a7850","object":"response","created_at":1795698794,"completed_at":1795698794,"status":"completed","background":true,"model":"big","output_text":"You said: quick (1 messages) ","output":[{"id":"msg_60cca067a9cdc35355b9c83d16ddf1a9","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":[{"blocked":false,"source_type":"prompt","content_filter_results":{"personal_data":{"filtered":false,"detected":false},"rules":{"filtered":false,"detected":false}}},{"blocked":false,"source_type":"completion","content_filter_results":{"personal_data":{"filtered":false,"detected":false}}}],"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_9f3b0194f87038f70a3189439fd3cc2e', 0, 5, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_9f3b0194f87038f70a3189439fd3cc2e","object":"response","created_at":1795698797,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_9f3b0194f87038f70a3189439fd3cc2e","object":"response","created_at":1795698797,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_9f3b0194f87038f70a3189439fd3cc2e","object":"response","created_at":1795698797,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_289770dbd104bd52046c675ae6f1649c","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_289770dbd104bd52046c675ae6f1649c","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_289770dbd104bd52046c675ae6f1649c","delta":"You ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'resp_9f3b0194f87038f70a3189439fd3cc2e', 6, 6, '6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_289770dbd104bd52046c675ae6f1649c","delta":"said: ","logprobs":[]}
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
insert into "person" ("id", "email", "name", "password", "checked_at", "created_at", "changed_at") values ('per_7zjc3lmxw2oll5gefg5bucmxoy', 'ada@example.com', 'Ada', '$argon2id$v=19$m=19456,t=2,p=1$D2KG7w4QewRMyqA+XhOcHg$Xz2rxEU3LM1nMY21y1udKIYhTmdIINyR2VqgtLocJtY', 0, 1795698810777508, 1795698810777508);
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
insert into "person_session" ("id", "digest", "person", "viewing", "created_at", "seen_at", "expires_at", "address", "agent") values ('ses_nfpqihtnrwotwpelxccnh4cngf', X'74340422523E0E42349F90D05F9320516202E05149F806893007BAEB026750DD', 'per_7zjc3lmxw2oll5gefg5bucmxoy', '', 1795698811433820, 1795698811433820, 1798290811433820, '127.0.0.1', 'curl/7.88.1');
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
insert into "person_link" ("digest", "kind", "person", "member", "operator", "email", "inviter", "proves", "created_at", "expires_at", "used_at") values (X'238C88CC4DB2F82C72BE26E83B52B2DDED3CCDE610742E972655317F69EE822A', 'setup', '', '', '', '', '', 0, 1795698773718938, 1795785173718938, 1795698811404477);
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
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498805, '', 'big', '', 46, 334, 408, 0, 0, 3932000, 0);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498805, '', 'small', '', 7, 49, 63, 0, 0, 76250, 15000);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498805, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'big', 'key_cmxgzom4izbavuxyliuum4hf4d', 46, 334, 408, 0, 0, 3932000, 0);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498805, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'small', 'key_cmxgzom4izbavuxyliuum4hf4d', 7, 49, 63, 0, 0, 76250, 15000);
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
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, '', '', '', 'chat', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, '', '', '', 'other', 13, 0, 0, 437506, 13, 437096, 1, 1, 0, 0, 0, 2, 1, 1, 1, 1, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, '', 'big', '', 'chat', 41, 1, 0, 14942378, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 34, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, '', 'big', '', 'messages', 1, 0, 0, 51056, 1, 51032, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, '', 'big', '', 'responses', 5, 0, 0, 247807, 5, 247590, 0, 0, 0, 0, 1, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, '', 'skytower-upscale-2x', '', 'predictions', 1, 0, 0, 73416, 1, 73405, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, '', 'small', '', 'chat', 6, 0, 0, 499156, 3, 219820, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, '', 'small', '', 'responses', 1, 0, 0, 311617, 1, 311588, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', '', 'key_cmxgzom4izbavuxyliuum4hf4d', 'chat', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', '', 'key_cmxgzom4izbavuxyliuum4hf4d', 'other', 6, 0, 0, 230988, 6, 230941, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'big', 'key_cmxgzom4izbavuxyliuum4hf4d', 'chat', 41, 1, 0, 14942378, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 34, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'big', 'key_cmxgzom4izbavuxyliuum4hf4d', 'messages', 1, 0, 0, 51056, 1, 51032, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'big', 'key_cmxgzom4izbavuxyliuum4hf4d', 'responses', 5, 0, 0, 247807, 5, 247590, 0, 0, 0, 0, 1, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'skytower-upscale-2x', 'key_cmxgzom4izbavuxyliuum4hf4d', 'predictions', 1, 0, 0, 73416, 1, 73405, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'small', 'key_cmxgzom4izbavuxyliuum4hf4d', 'chat', 6, 0, 0, 499156, 3, 219820, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'small', 'key_cmxgzom4izbavuxyliuum4hf4d', 'responses', 1, 0, 0, 311617, 1, 311588, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498805, 'operator', '', 'opk_vrzzb5scbzyxvbyaisu3ei4446', 'other', 7, 0, 0, 206518, 7, 206155, 0, 1, 0, 0, 0, 2, 1, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
CREATE TABLE rollup (
    source  text collate binary not null primary key,
    settled bigint not null,
    days    bigint not null,
    kept    bigint not null,
    owner   text collate binary not null,
    until   bigint not null
);
insert into "rollup" ("source", "settled", "days", "kept", "owner", "until") values ('charges', 498804, 20783, 497952, '2KDUSXGVADASBHEA47A2T5I7AF', 1795698836541786);
insert into "rollup" ("source", "settled", "days", "kept", "owner", "until") values ('requests', 498804, 20783, 497952, '2KDUSXGVADASBHEA47A2T5I7AF', 1795698836541786);
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
CREATE TABLE catalog_guard (
    name       text collate binary primary key,
    spec       text   not null,
    managed    text   not null, -- the file that manages it, or ''
    created_at bigint not null
);
insert into "catalog_guard" ("name", "spec", "managed", "created_at") values ('private', '{"name":"private","kind":"personal_data","on":"both","action":"redact"}', 'r9.yaml', 1795698789339943);
insert into "catalog_guard" ("name", "spec", "managed", "created_at") values ('words', '{"name":"words","kind":"rules","on":"prompt","action":"block","words":["gherkin"],"patterns":["(?i)code-[0-9]{4}"]}', 'r9.yaml', 1795698789339943);
CREATE TABLE batch (
    id             text collate binary not null primary key,
    account        text collate binary not null,
    api_key        text collate binary not null, -- id of the key whose rights the lines have
    endpoint       text   not null,
    time_window    text   not null, -- as the caller wrote it
    input_file     text collate binary not null,
    output_file    text collate binary not null, -- or ''
    error_file     text collate binary not null, -- or ''
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
    runner         text collate binary not null, -- or ''
    lease_until    bigint not null
);
insert into "batch" ("id", "account", "api_key", "endpoint", "time_window", "input_file", "output_file", "error_file", "metadata", "state", "problems", "lines", "completed", "failed", "created_at", "started_at", "finalizing_at", "cancelling_at", "ended_at", "expires_at", "purge_at", "cleared", "runner", "lease_until") values ('batch_01m8bztfvrfh4e2q5bxncz2jx9', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', '/v1/chat/completions', '24h', 'file-01m8bztfnhgqek39wjbsxcxa4s', 'file-01m8bztg3ytfe30recxaw4fs2c', 'file-01m8bztg5ta49bq843kcrk3nhy', '', 'completed', '', 4, 3, 1, 1795698802552656, 1795698802619058, 1795698802759337, 0, 1795698802902514, 1795785202552656, 1798290802902514, 1, '', 0);
insert into "batch" ("id", "account", "api_key", "endpoint", "time_window", "input_file", "output_file", "error_file", "metadata", "state", "problems", "lines", "completed", "failed", "created_at", "started_at", "finalizing_at", "cancelling_at", "ended_at", "expires_at", "purge_at", "cleared", "runner", "lease_until") values ('batch_01m8bztngeswtcvc2q5ps3xjfe', 'acct_wv7qwpfb3oltdxp5ncib5pu6wg', 'key_cmxgzom4izbavuxyliuum4hf4d', '/v1/chat/completions', '24h', 'file-01m8bztmzhtn7ajaghca447qyx', 'file-01m8bztqzbekzvwdx45r7qr23x', '', '', 'completed', '', 40, 40, 0, 1795698808334899, 1795698808418394, 1795698810644367, 0, 1795698810946221, 1795785208334899, 1798290810946221, 1, '', 0);
CREATE TABLE batch_line (
    batch       text collate binary not null,
    line        bigint not null, -- its number in the file, from 1
    custom_id   text   not null,
    place       bigint not null, -- where it begins in the file, in bytes
    size        bigint not null, -- in bytes
    request     text collate binary not null, -- the request's id, which names its charge; '' until it is taken first
    state       text   not null check (state in ('waiting', 'running', 'done')),
    taken       bigint not null, -- how often it was taken, but for times when it was given back
    again_at    bigint not null, -- it waits until then
    runner      text collate binary not null, -- who runs it, or ''
    lease_until bigint not null,
    ok          boolean not null,
    status      bigint not null, -- of the answer, or 0
    answer      blob, -- JSON on one line: the answer's body; where status is 0, an error; null until then
    primary key (batch, line)
);
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
insert into "river_leader" ("elected_at", "expires_at", "leader_id", "name") values ('2026-11-26 13:12:53.578', '2026-11-26 13:13:48.868', 'tower_2026_11_26T13_12_53_566346', 'default');
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
insert into "river_migration" ("line", "version", "created_at") values ('main', 1, '2026-11-26 13:12:53');
insert into "river_migration" ("line", "version", "created_at") values ('main', 2, '2026-11-26 13:12:53');
insert into "river_migration" ("line", "version", "created_at") values ('main', 3, '2026-11-26 13:12:53');
insert into "river_migration" ("line", "version", "created_at") values ('main', 4, '2026-11-26 13:12:53');
insert into "river_migration" ("line", "version", "created_at") values ('main', 5, '2026-11-26 13:12:53');
insert into "river_migration" ("line", "version", "created_at") values ('main', 6, '2026-11-26 13:12:53');
insert into "river_migration" ("line", "version", "created_at") values ('main', 7, '2026-11-26 13:12:53');
insert into "river_migration" ("line", "version", "created_at") values ('main', 8, '2026-11-26 13:12:53');
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
insert into "river_notification" ("id", "created_at", "payload", "topic") values (1, '2026-11-26 13:13:10.559', '{"queue": "local"}', 'river_insert');
insert into "river_notification" ("id", "created_at", "payload", "topic") values (2, '2026-11-26 13:13:14.447', '{"queue": "responses"}', 'river_insert');
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('local', '2026-11-26 13:12:53.686', X'0C', NULL, '2026-11-26 13:12:53.686');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('remote', '2026-11-26 13:12:53.671', X'0C', NULL, '2026-11-26 13:12:53.671');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('responses', '2026-11-26 13:12:53.567', X'0C', NULL, '2026-11-26 13:12:53.567');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('upkeep', '2026-11-26 13:12:53.632', X'0C', NULL, '2026-11-26 13:12:53.632');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('webhooks', '2026-11-26 13:12:53.601', X'0C', NULL, '2026-11-26 13:12:53.601');
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
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (1, X'CC4E276964C72430316132313766642D313038382D376532332D623563632D366363646364393364306632576D6F64656CC713736B79746F7765722D75707363616C652D327877617474656D70741330', 1, '2026-11-26 13:13:10.614', X'CB1FC71D766D5F323032365F31315F32365431335F31325F35335F353636333436', '2026-11-26 13:13:10.559', NULL, '2026-11-26 13:13:11.119', 'prediction_run', 25, X'0C', 1, 'local', 'completed', '2026-11-26 13:13:10.559', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (2, X'CC53776163636F756E74C71F616363745F7776377177706662336F6C74647870356E636962357075367767276964C725726573705F3934383131326463636464653066353432306137663430303638366137383530', 1, '2026-11-26 13:13:14.471', X'CB1FC71D766D5F323032365F31315F32365431335F31325F35335F353636333436', '2026-11-26 13:13:14.447', NULL, '2026-11-26 13:13:14.637', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 13:13:14.447', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (3, X'CC53776163636F756E74C71F616363745F7776377177706662336F6C74647870356E636962357075367767276964C725726573705F3966336230313934663837303338663730613331383934333966643363633265', 1, '2026-11-26 13:13:17.195', X'CB1FC71D766D5F323032365F31315F32365431335F31325F35335F353636333436', '2026-11-26 13:13:17.183', NULL, '2026-11-26 13:13:18.769', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 13:13:17.183', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (4, X'CC53776163636F756E74C71F616363745F7776377177706662336F6C74647870356E636962357075367767276964C725726573705F3139646162643638666636336637613236353766323235346364636464336662', 1, '2026-11-26 13:13:18.807', X'CB1FC71D766D5F323032365F31315F32365431335F31325F35335F353636333436', '2026-11-26 13:13:18.790', NULL, '2026-11-26 13:13:26.769', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 13:13:18.790', X'0B', NULL, NULL);
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
CREATE INDEX batch_account on batch (account, created_at, id);
CREATE INDEX batch_open on batch (created_at, id) where ended_at = 0;
CREATE INDEX batch_input on batch (input_file) where ended_at = 0;
CREATE INDEX batch_uncleared on batch (ended_at) where ended_at > 0 and not cleared;
CREATE INDEX batch_purge on batch (purge_at) where purge_at > 0;
CREATE INDEX batch_line_waiting on batch_line (batch, line) where state = 'waiting';
CREATE INDEX batch_line_running on batch_line (batch, line) where state = 'running';
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
insert into sqlite_sequence (name, seq) values ('audit', 20);
insert into sqlite_sequence (name, seq) values ('change', 38);
insert into sqlite_sequence (name, seq) values ('goose_db_version', 17);
insert into sqlite_sequence (name, seq) values ('river_job', 4);
insert into sqlite_sequence (name, seq) values ('river_notification', 2);
commit;
