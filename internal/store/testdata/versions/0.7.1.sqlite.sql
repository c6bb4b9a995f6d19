pragma foreign_keys = off;
begin;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (1, 0, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (2, 1, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (3, 2, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (4, 3, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (5, 4, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (6, 5, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (7, 6, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (8, 7, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (9, 8, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (10, 9, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (11, 10, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (12, 11, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (13, 12, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (14, 13, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (15, 14, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (16, 15, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (17, 16, 1, '2026-11-26 16:20:46');
insert into "goose_db_version" ("id", "version_id", "is_applied", "tstamp") values (18, 17, 1, '2026-11-26 16:20:46');
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
insert into "change" ("seq", "kind", "ref", "at") values (1, 'operator', 'opk_3v2y5aib75ney7byvlddvslsqg', 1795710047101421);
insert into "change" ("seq", "kind", "ref", "at") values (2, 'account', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 1795710047101421);
insert into "change" ("seq", "kind", "ref", "at") values (3, 'key', 'key_kgyqhtp7376teodk37dnol5tdv', 1795710047101421);
insert into "change" ("seq", "kind", "ref", "at") values (4, 'key', 'key_sibbcgljrj4uxgzixfu22bg3ej', 1795710061266165);
insert into "change" ("seq", "kind", "ref", "at") values (5, 'catalog', '1', 1795710061596993);
insert into "change" ("seq", "kind", "ref", "at") values (6, 'catalog', '2', 1795710061902799);
insert into "change" ("seq", "kind", "ref", "at") values (7, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_62bbfdf827e3122fa2cfc7209f263308', 1795710063657013);
insert into "change" ("seq", "kind", "ref", "at") values (8, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_62bbfdf827e3122fa2cfc7209f263308', 1795710063678014);
insert into "change" ("seq", "kind", "ref", "at") values (9, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_77737dd5dccf4e6c98793398cd7abf60', 1795710065814862);
insert into "change" ("seq", "kind", "ref", "at") values (10, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_77737dd5dccf4e6c98793398cd7abf60', 1795710065921639);
insert into "change" ("seq", "kind", "ref", "at") values (11, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_77737dd5dccf4e6c98793398cd7abf60', 1795710066420916);
insert into "change" ("seq", "kind", "ref", "at") values (12, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_77737dd5dccf4e6c98793398cd7abf60', 1795710066920381);
insert into "change" ("seq", "kind", "ref", "at") values (13, 'response_stop', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_77737dd5dccf4e6c98793398cd7abf60', 1795710066958896);
insert into "change" ("seq", "kind", "ref", "at") values (14, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_77737dd5dccf4e6c98793398cd7abf60', 1795710066970391);
insert into "change" ("seq", "kind", "ref", "at") values (15, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710067083770);
insert into "change" ("seq", "kind", "ref", "at") values (16, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710067187235);
insert into "change" ("seq", "kind", "ref", "at") values (17, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710067687663);
insert into "change" ("seq", "kind", "ref", "at") values (18, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710068193694);
insert into "change" ("seq", "kind", "ref", "at") values (19, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710069186789);
insert into "change" ("seq", "kind", "ref", "at") values (20, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710069687405);
insert into "change" ("seq", "kind", "ref", "at") values (21, 'batch', 'batch_01m8cajazysm6ee5tqh6qq0vb6', 1795710069758649);
insert into "change" ("seq", "kind", "ref", "at") values (22, 'batch', 'batch_01m8cajazysm6ee5tqh6qq0vb6', 1795710069787316);
insert into "change" ("seq", "kind", "ref", "at") values (23, 'batch', 'batch_01m8cajazysm6ee5tqh6qq0vb6', 1795710069863603);
insert into "change" ("seq", "kind", "ref", "at") values (24, 'batch', 'batch_01m8cajazysm6ee5tqh6qq0vb6', 1795710069884666);
insert into "change" ("seq", "kind", "ref", "at") values (25, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710070186966);
insert into "change" ("seq", "kind", "ref", "at") values (26, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710070689848);
insert into "change" ("seq", "kind", "ref", "at") values (27, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710071187230);
insert into "change" ("seq", "kind", "ref", "at") values (28, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710071687876);
insert into "change" ("seq", "kind", "ref", "at") values (29, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710072186402);
insert into "change" ("seq", "kind", "ref", "at") values (30, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710072689853);
insert into "change" ("seq", "kind", "ref", "at") values (31, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710073187297);
insert into "change" ("seq", "kind", "ref", "at") values (32, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710073686806);
insert into "change" ("seq", "kind", "ref", "at") values (33, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710074187611);
insert into "change" ("seq", "kind", "ref", "at") values (34, 'response', 'acct_o7xbr7ozvuot32tttfe3eqk6em/resp_056931cf8b97b53508582d1c7e2ad74b', 1795710074620716);
insert into "change" ("seq", "kind", "ref", "at") values (35, 'batch', 'batch_01m8cajg85vkztnvkc0fexwvz9', 1795710075141728);
insert into "change" ("seq", "kind", "ref", "at") values (36, 'batch', 'batch_01m8cajg85vkztnvkc0fexwvz9', 1795710075200115);
insert into "change" ("seq", "kind", "ref", "at") values (37, 'batch', 'batch_01m8cajg85vkztnvkc0fexwvz9', 1795710077017960);
insert into "change" ("seq", "kind", "ref", "at") values (38, 'batch', 'batch_01m8cajg85vkztnvkc0fexwvz9', 1795710077043498);
CREATE TABLE account (
    id             text collate binary not null primary key,
    name           text   not null,
    suspend_reason text   not null default '',
    created_at     bigint not null,
    suspended_at   bigint, -- null: not suspended
    changed_at     bigint  -- null: never changed since
, webhook_secret text not null default '', retention bigint not null default -1, concurrency bigint not null default 0, tier text not null default '', auto_tier bigint not null default 1, closed_at bigint not null default 0, cleared_at bigint not null default 0, own_concurrency bigint not null default 0, keep_bodies bigint not null default 0);
insert into "account" ("id", "name", "suspend_reason", "created_at", "suspended_at", "changed_at", "webhook_secret", "retention", "concurrency", "tier", "auto_tier", "closed_at", "cleared_at", "own_concurrency", "keep_bodies") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'Default', '', 1795710047097087, NULL, NULL, '', -1, 0, '', 1, 0, 0, 0, 0);
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
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_kgyqhtp7376teodk37dnol5tdv', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'First key', X'8540C7AAFD761E221EE03E45FD314C133F6C1E545419F2AC901758706CA5AE63', 'sk-WqsT…EFYO', '*', 1795710047097125, NULL, NULL, '', '', '', -1, '', 0, '');
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_romd4ijfvesmkunmbf6o6j7vva', 'acct_o7xbr7ozvuot32tttfe3eqk6em', '', X'C87094A505F827B0FFEC98C091E8E7785005EC72B01ABA7988228CD38DF2DC4D', 'sk-syA6…EKsu', 'models:read predictions:read predictions:create inference files usage:read billing:read billing:write', 1795710077987080, 1795710977987080, NULL, 'mem_kxrv6e6hdf3rk44ywrekipoac4', '', '', -1, '', 0, 'ses_ktbetpproevd63twl5m44na6ej');
insert into "api_key" ("id", "account", "name", "digest", "masked", "scopes", "created_at", "expires_at", "revoked_at", "member", "addresses", "models", "budget", "rotated_to", "last_used_at", "session") values ('key_sibbcgljrj4uxgzixfu22bg3ej', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'second', X'1BE35FF67E943EC9FAC1B2DD08D2F5A45286BA2A5CF1A24F31A46CACB85DF5C7', 'sk-rs0r…XSMp', '*', 1795710061258951, NULL, NULL, '', '', '', 5000000000, '', 0, '');
CREATE TABLE operator (
    id         text collate binary not null primary key,
    name       text   not null,
    role       text   not null check (role in ('operator', 'auditor')),
    created_at bigint not null
, person text collate binary not null default '', revoked_at bigint not null default 0);
insert into "operator" ("id", "name", "role", "created_at", "person", "revoked_at") values ('opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'First operator', 'operator', 1795710047097085, 'per_7k6ggs47senhazpa3swde3frhl', 0);
CREATE TABLE operator_key (
    id         text collate binary not null primary key,
    operator   text collate binary not null references operator (id),
    digest     blob not null check (length(digest) = 32),
    masked     text      not null,
    created_at bigint    not null,
    expires_at bigint,   -- null: never
    revoked_at bigint    -- null: living
);
insert into "operator_key" ("id", "operator", "digest", "masked", "created_at", "expires_at", "revoked_at") values ('opk_3v2y5aib75ney7byvlddvslsqg', 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', X'75E183970A103D63F83D1068A106BFE5B3175B2D09F973B36FF1C1AD47F568B9', 'op-qrq1…7hBR', 1795710047097085, NULL, NULL);
CREATE TABLE account_once (
    act text   not null primary key,
    at  bigint not null
);
insert into "account_once" ("act", "at") values ('bootstrap', 1795710047097152);
CREATE TABLE audit (
    seq     integer primary key autoincrement,
    at      bigint not null,
    actor   text   not null, -- id of the operator, or "system"
    action  text   not null, -- such as key.revoke
    subject text collate binary not null, -- id of what was acted on
    detail  text   not null default ''
);
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (1, 1795710047100439, 'system', 'operator.create', 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'operator');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (2, 1795710047100558, 'system', 'account.create', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'Default');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (3, 1795710047100797, 'system', 'key.create', 'key_kgyqhtp7376teodk37dnol5tdv', 'acct_o7xbr7ozvuot32tttfe3eqk6em');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (4, 1795710061015648, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'credit.grant', 'acct_o7xbr7ozvuot32tttfe3eqk6em', '10.00 USD: Welcome');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (5, 1795710061266133, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'key.create', 'key_sibbcgljrj4uxgzixfu22bg3ej', 'acct_o7xbr7ozvuot32tttfe3eqk6em');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (6, 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'guard.put', 'private', 'kind: (none) → personal_data; on: (none) → both; action: (none) → redact; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (7, 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'guard.put', 'words', 'kind: (none) → rules; on: (none) → prompt; action: (none) → block; words: (none) → ["gherkin"]; patterns: (none) → ["(?i)code-[0-9]{4}"]; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (8, 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'provider.put', 'claude', 'kind: (none) → anthropic; base_url: (none) → https://api.anthropic.com/v1; credential: (none) → set; responses: (none) → auto; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (9, 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'provider.put', 'up', 'kind: (none) → openai; base_url: (none) → http://127.0.0.1:7411/v1; responses: (none) → auto; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (10, 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'model.put', 'auto', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; router: (none) → {"policy":"cheapest","sticky":"auto","rules":[{"when":{"tools":true},"policy":"fixed","models":["big"]}]}; open: (none) → true; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (11, 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'model.put', 'big', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":2,"output":8}; context_length: (none) → 128000; targets: (none) → [{"provider":"up","model":"big","weight":1,"first_byte_timeout":"20s","idle_timeout":"10s"}]; features: (none) → text, tools, images, json_schema; guards: (none) → private, words; open: (none) → true; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (12, 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'model.put', 'other', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":30,"output":90}; targets: (none) → [{"provider":"claude","model":"some-model","weight":1}]; open: (none) → true; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (13, 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'model.put', 'small', 'type: (none) → text; api: (none) → chat; privacy: (none) → public; pricing: (none) → {"currency":"USD","unit":"million_token","input":0.5,"output":1}; targets: (none) → [{"provider":"up","model":"down","weight":1},{"provider":"up","model":"small","priority":1,"weight":1,"cost":{"currency"…; features: (none) → text; cache: (none) → {"ttl":"10m","price_percent":10}; open: (none) → true; managed: (none) → r9.yaml');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (14, 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'settings.put', 'default_chat', 'default_chat: (none) → small');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (15, 1795710061902457, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'model.put', 'deepbrain-router', 'router: (none) → {"policy":"fixed","models":["small","big"],"sticky":"auto"}');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (16, 1795710077598204, 'per_7k6ggs47senhazpa3swde3frhl', 'person.create', 'per_7k6ggs47senhazpa3swde3frhl', '');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (17, 1795710077598303, 'per_7k6ggs47senhazpa3swde3frhl', 'operator.join', 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'per_7k6ggs47senhazpa3swde3frhl');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (18, 1795710077598633, 'per_7k6ggs47senhazpa3swde3frhl', 'member.create', 'mem_kxrv6e6hdf3rk44ywrekipoac4', 'account: acct_o7xbr7ozvuot32tttfe3eqk6em, role: owner');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (19, 1795710077598745, 'per_7k6ggs47senhazpa3swde3frhl', 'member.join', 'mem_kxrv6e6hdf3rk44ywrekipoac4', 'account: acct_o7xbr7ozvuot32tttfe3eqk6em');
insert into "audit" ("seq", "at", "actor", "action", "subject", "detail") values (20, 1795710077609418, 'per_7k6ggs47senhazpa3swde3frhl', 'session.start', 'per_7k6ggs47senhazpa3swde3frhl', 'ses_ktbetpproevd63twl5m44na6ej');
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
insert into "catalog_provider" ("name", "kind", "base_url", "credential", "credential_sealed", "fetch_inputs", "responses", "managed", "created_at") values ('claude', 'anthropic', 'https://api.anthropic.com/v1', '', 's1.36762f98.jkdTF64c4gNWf70T6QSnTtmCBEHn6dksspKfQjUXfHfn-Np4mi-YWbotGN0', '', 'auto', 'r9.yaml', 1795710061591741);
insert into "catalog_provider" ("name", "kind", "base_url", "credential", "credential_sealed", "fetch_inputs", "responses", "managed", "created_at") values ('up', 'openai', 'http://127.0.0.1:7411/v1', '', '', '', 'auto', 'r9.yaml', 1795710061591741);
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
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features", "cache", "guards") values ('auto', 4, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r9.yaml', 1795710061591741, '', '', '', 0, '', 0, 0, '{"policy":"cheapest","sticky":"auto","rules":[{"when":{"tools":true},"policy":"fixed","models":["big"]}]}', '', '', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features", "cache", "guards") values ('big', 2, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 128000, 'r9.yaml', 1795710061591741, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":2,"output":8}', 1, 0, '', 'text tools images json_schema', '', 'private words');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features", "cache", "guards") values ('deepbrain-router', 5, 1, '', '', '', '', '', '', '', '', 0, 0, 0, 0, '', 1793491200000000, '', '', '', 0, '', 0, 0, '{"policy":"fixed","models":["small","big"],"sticky":"auto"}', '', '', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features", "cache", "guards") values ('other', 3, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r9.yaml', 1795710061591741, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":30,"output":90}', 2, 0, '', '', '', '');
insert into "catalog_model" ("slug", "ordinal", "builtin", "name", "description", "type", "api", "privacy", "img_url", "vendor", "capabilities", "free", "offline", "max_output", "context_length", "managed", "created_at", "input_schema", "output_schema", "deadline", "concurrency", "pricing", "price_version", "edge", "router", "features", "cache", "guards") values ('small', 1, 0, '', '', 'text', 'chat', 'public', '', '', '', 0, 0, 0, 0, 'r9.yaml', 1795710061591741, '', '', '', 0, '{"currency":"USD","unit":"million_token","input":0.5,"output":1}', 3, 0, '', 'text', '{"ttl":"10m","price_percent":10}', '');
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
insert into "charge_batch" ("id", "at", "lines") values ('hoixtbrshb-35448qc6m90m7', 1795710063204335, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtbvifk-19kgy6mkfszg8', 1795710063377936, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtbxwqu-4t1pxjfd6vxy', 1795710063489798, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtbzml6-1uw4mq0oy1x8u', 1795710063569946, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtc1ukd-2nly0dga7vmqc', 1795710063673597, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixte0fy4-umt9gqw7fx5t', 1795710066967228, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtfd9xm-92114mi6j7yg', 1795710069245578, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtfeu87-2z1ksna78n0dz', 1795710069318535, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtfj1w4-rk5minnwsetb', 1795710069515092, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtfq828-2vubth7wu6imp', 1795710069849680, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtfqb44-1hp7bs1vzx4iq', 1795710069853636, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtfqhck-2g5w5zlm18ij6', 1795710069861716, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtikdag-181sdg0o14t31', 1795710074615368, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtj3nrf-3ey2fpbk65bwf', 1795710075515403, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtj3q85-1ltp5esjj2qi0', 1795710075518597, 2);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtj3y8b-19tnfot09dm74', 1795710075528971, 5);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjbiqk-13enxqyhuuq8p', 1795710075882140, 2);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjcdld-5ksdjs7319d4', 1795710075922129, 6);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjjdac-o9u4ov7ek07m', 1795710076248324, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjk6x5-29szp9fjx097l', 1795710076286729, 7);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjr1lm-2y2zht2eduq7s', 1795710076606426, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjr6oe-14ze67479ovqv', 1795710076613006, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjrjx3-3sazw0i3egbz1', 1795710076630167, 4);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjrwvc-2sfmdczldv6fq', 1795710076646952, 2);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjyonl-w46bvu3oi1h0', 1795710076962897, 1);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjysfq-2krv8dyzkbuag', 1795710076967798, 3);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjz7jx-30jcg39fx6pm5', 1795710076987389, 2);
insert into "charge_batch" ("id", "at", "lines") values ('hoixtjzmxq-t69p5o0mwbce', 1795710077007326, 2);
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
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8caj4h6vpcgcenf591x0sfq', 'hoixtbrshb-35448qc6m90m7', 1795710063204203, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8caj4nggmn2321fd556v7ts', 'hoixtbvifk-19kgy6mkfszg8', 1795710063377783, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8caj4vjx0hpgg6cbnjggqxd', 'hoixtbxwqu-4t1pxjfd6vxy', 1795710063489744, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8caj4ygtxghh1eeqxnn7pnw', 'hoixtbzml6-1uw4mq0oy1x8u', 1795710063569893, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajae592073y9pmmm8m4yj', 'hoixtfd9xm-92114mi6j7yg', 1795710069245547, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajaj6j7jcb3br3sqs7cdy', 'hoixtfeu87-2z1ksna78n0dz', 1795710069318514, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'cache', 3, 7, 9, 0, 0, 1250, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajar6nntmbe1j465p35kx', 'hoixtfj1w4-rk5minnwsetb', 1795710069515061, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajb14004sdjhyr896mfk2', 'hoixtfqb44-1hp7bs1vzx4iq', 1795710069853581, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajb14ap70qpkxzmfb1s8z', 'hoixtfqhck-2g5w5zlm18ij6', 1795710069861692, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajb14cgp5m7r04c4jzc9s', 'hoixtfq828-2vubth7wu6imp', 1795710069849647, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 3, 7, 9, 0, 0, 12500, 0, 'ok', 'tokens', 0, '', 0, 2500, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga12m0h40zashk6s7fd', 'hoixtj3q85-1ltp5esjj2qi0', 1795710075518409, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga12qpx6r830xn9gnqy', 'hoixtj3nrf-3ey2fpbk65bwf', 1795710075515381, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga13wzj1cskttz9chgt', 'hoixtjcdld-5ksdjs7319d4', 1795710075889840, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga157kf5wkwxkbystd4', 'hoixtjcdld-5ksdjs7319d4', 1795710075889771, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga178wett35hc5ych2g', 'hoixtj3y8b-19tnfot09dm74', 1795710075522327, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga19qa19ydxjz941x2p', 'hoixtjcdld-5ksdjs7319d4', 1795710075893877, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga1b31rmpx3q338g7qr', 'hoixtj3q85-1ltp5esjj2qi0', 1795710075518448, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga1dr7rynq8ze06mw0t', 'hoixtjcdld-5ksdjs7319d4', 1795710075889687, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga1et0ggwzrxnf57w8q', 'hoixtj3y8b-19tnfot09dm74', 1795710075522437, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga1f2d1y567e03zx1gm', 'hoixtj3y8b-19tnfot09dm74', 1795710075522293, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga1h9d0phqnhdgkds6e', 'hoixtj3y8b-19tnfot09dm74', 1795710075522349, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga1s4mat8g7b0htjmc1', 'hoixtjcdld-5ksdjs7319d4', 1795710075893599, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga1sg7ja07kbybpwrp6', 'hoixtj3y8b-19tnfot09dm74', 1795710075522417, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga1tx90wksxwczsee5d', 'hoixtjbiqk-13enxqyhuuq8p', 1795710075881898, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga1xtpfn2ybrcgt1ay1', 'hoixtjbiqk-13enxqyhuuq8p', 1795710075882135, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajga1zs87ddqxwsm1day2', 'hoixtjcdld-5ksdjs7319d4', 1795710075889751, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh110gfvvdh1kvevj369', 'hoixtjk6x5-29szp9fjx097l', 1795710076261618, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh113qt0wm9qa36qfsaf', 'hoixtjk6x5-29szp9fjx097l', 1795710076261277, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh1149ryjsb5ks059ypz', 'hoixtjjdac-o9u4ov7ek07m', 1795710076248286, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11c0d6kf68ptyynq2k', 'hoixtjr6oe-14ze67479ovqv', 1795710076612479, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11cvz6cjrby428wvzt', 'hoixtjrwvc-2sfmdczldv6fq', 1795710076646949, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11f26phrrpepk30rs8', 'hoixtjr1lm-2y2zht2eduq7s', 1795710076606410, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11fwhgvgz5a3vd7e7g', 'hoixtjk6x5-29szp9fjx097l', 1795710076260840, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11mjc69msppp2hdmfh', 'hoixtjrjx3-3sazw0i3egbz1', 1795710076623400, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11ndn4cpemq4p2xc3n', 'hoixtjrwvc-2sfmdczldv6fq', 1795710076646807, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11r8m09epnsyhpkc8d', 'hoixtjrjx3-3sazw0i3egbz1', 1795710076623431, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11s32pkqvvbwa4yxbx', 'hoixtjrjx3-3sazw0i3egbz1', 1795710076625974, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11tgsvc9rh4gdah2d3', 'hoixtjk6x5-29szp9fjx097l', 1795710076260082, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11tztf4hdr77dnbana', 'hoixtjrjx3-3sazw0i3egbz1', 1795710076617392, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11wr6pqw9t3ph1gd0f', 'hoixtjk6x5-29szp9fjx097l', 1795710076261061, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11ycarj40v6dvn87ag', 'hoixtjk6x5-29szp9fjx097l', 1795710076261830, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajh11z2bnd7ac6gyqj2bn', 'hoixtjk6x5-29szp9fjx097l', 1795710076260459, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajhp22tnrbvfbr3weprjh', 'hoixtjyonl-w46bvu3oi1h0', 1795710076962876, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajhp2a34mstbfv6q8hwdx', 'hoixtjz7jx-30jcg39fx6pm5', 1795710076985962, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajhp2b7m8s19dj571zcez', 'hoixtjzmxq-t69p5o0mwbce', 1795710077007320, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajhp2frt639197sgxa698', 'hoixtjysfq-2krv8dyzkbuag', 1795710076964758, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajhp2p9tk3enfzxersnkc', 'hoixtjysfq-2krv8dyzkbuag', 1795710076964287, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajhp2s4jznq4prr1k8jh2', 'hoixtjzmxq-t69p5o0mwbce', 1795710077007166, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajhp2s7e9qvt3gvc595t1', 'hoixtjz7jx-30jcg39fx6pm5', 1795710076977740, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('req_01m8cajhp2tvnrmp3s3gdmk4t3', 'hoixtjysfq-2krv8dyzkbuag', 1795710076964622, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_056931cf8b97b53508582d1c7e2ad74b', 'hoixtikdag-181sdg0o14t31', 1795710074610338, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_62bbfdf827e3122fa2cfc7209f263308', 'hoixtc1ukd-2nly0dga7vmqc', 1795710063665069, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 7, 9, 0, 0, 86000, 0, 'ok', 'tokens', 0, '', 0, 0, '');
insert into "charge_line" ("request", "batch", "at", "account", "api_key", "model", "target", "price_version", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "counted", "outcome", "kind", "quantity", "unit", "rate", "cost", "budget") values ('resp_77737dd5dccf4e6c98793398cd7abf60', 'hoixte0fy4-umt9gqw7fx5t', 1795710066962644, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 1, 19, 3, 0, 0, 62000, 1, 'hang_up', 'tokens', 0, '', 0, 0, '');
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
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj27x9tzfr3mm0smxx800', 1795710060797772, 'GET', '/admin/v1/accounts', '/admin/v1/accounts', 200, 'ok', '', 'operator', 'opk_3v2y5aib75ney7byvlddvslsqg', '', '', 0, 0, 0, 230, 5329, 5337, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj2eq4cpw6q3wcmh9r6y5', 1795710061015069, 'POST', '/admin/v1/accounts/{id}/credit', '/admin/v1/accounts/acct_o7xbr7ozvuot32tttfe3eqk6em/credit', 200, 'ok', '', 'operator', 'opk_3v2y5aib75ney7byvlddvslsqg', '', '', 0, 0, 51, 253, 35067, 35075, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj2p9qx4b3dm64w279fef', 1795710061257911, 'POST', '/admin/v1/keys', '/admin/v1/keys', 200, 'ok', '', 'operator', 'opk_3v2y5aib75ney7byvlddvslsqg', '', '', 0, 0, 28, 431, 11992, 12075, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj30gkccmfmsnvxt862sz', 1795710061584491, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_3v2y5aib75ney7byvlddvslsqg', '', '', 0, 0, 1282, 2693, 4406, 4434, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj30p8y8w2vz50vx0fn22', 1795710061590401, 'POST', '/admin/v1/apply', '/admin/v1/apply', 200, 'ok', '', 'operator', 'opk_3v2y5aib75ney7byvlddvslsqg', '', '', 0, 0, 1267, 2694, 17504, 17532, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj3a8441xybjqb78bqc0g', 1795710061896231, 'GET', '/admin/v1/models', '/admin/v1/models', 200, 'ok', '', 'operator', 'opk_3v2y5aib75ney7byvlddvslsqg', '', '', 0, 0, 0, 3463, 1528, 1553, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj3ad0s4wpghyp85cyzbf', 1795710061901090, 'PUT', '/admin/v1/models/{slug}', '/admin/v1/models/deepbrain-router', 200, 'ok', '', 'operator', 'opk_3v2y5aib75ney7byvlddvslsqg', '', '', 0, 0, 159, 175, 11722, 11730, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj3e12em2bhp104csjxde', 1795710062017693, 'POST', '/v1/predictions', '/v1/predict', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'skytower-upscale-2x', '', 0, 0, 446, 1268, 5032, 5039, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj4h6vpcgcenf591x0sfq', 1795710063142361, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 7, 9, 60, 273, 64853, 64872, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj4nggmn2321fd556v7ts', 1795710063280875, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 7, 9, 55, 1030, 106170, 106237, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj4vjx0hpgg6cbnjggqxd', 1795710063474295, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 106, 1326, 18475, 18492, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj4ygtxghh1eeqxnn7pnw', 1795710063568019, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 37, 1306, 6468, 6485, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj50p6hkrvs1gyffwzsgk', 1795710063638180, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', '', 0, 0, 49, 624, 8104, 8116, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj73tmh2prv440a50k03v', 1795710065786146, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', '', 0, 0, 78, 624, 17105, 17117, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj889j33r556q09swjkvm', 1795710066953989, 'POST', '/v1/responses/{id}/cancel', '/v1/responses/resp_77737dd5dccf4e6c98793398cd7abf60/cancel', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', '', '', 0, 0, 0, 627, 20415, 20424, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8caj8bvc4m3v8qhfmfbm241', 1795710067067674, 'POST', '/v1/responses', '/v1/responses', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', '', 0, 0, 98, 624, 6148, 6160, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajae592073y9pmmm8m4yj', 1795710069189185, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 7, 9, 64, 276, 58529, 58547, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajaj6j7jcb3br3sqs7cdy', 1795710069318353, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'cache', 7, 9, 64, 276, 7293, 7312, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajan80dvxqm636gp3g90t', 1795710069416869, 'POST', '/v1/chat/completions', '/v1/chat/completions', 451, 'error', 'CONTENT_POLICY_VIOLATION', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 0, 0, 66, 322, 950, 956, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajar6nntmbe1j465p35kx', 1795710069510715, 'POST', '/v1/messages', '/v1/messages', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 99, 532, 10563, 10634, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajawjgzp87r19s7rt5hfz', 1795710069650176, 'POST', '/v1/files', '/v1/files', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', '', '', 0, 0, 816, 354, 6168, 6176, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajazxwfk0r6eh97ad6qst', 1795710069757591, 'POST', '/v1/batches', '/v1/batches', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', '', '', 0, 0, 111, 681, 13772, 13782, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajb14004sdjhyr896mfk2', 1795710069796000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 7, 9, 65, 277, 0, 53827, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajb14ap70qpkxzmfb1s8z', 1795710069796000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 7, 9, 65, 277, 0, 61942, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajb14cgp5m7r04c4jzc9s', 1795710069796000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'up/small', 7, 9, 65, 277, 0, 49585, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajb14t18agdk9sa8qbac4', 1795710069796000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 404, 'error', 'MODEL_NOT_FOUND', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', '', '', 0, 0, 33, 242, 0, 432, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajg1xzya7vd9qhp8n7vj2', 1795710074941460, 'POST', '/v1/files', '/v1/files', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', '', '', 0, 0, 6525, 353, 20511, 20528, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajg841axrxf5wn1k6qtk3', 1795710075140507, 'POST', '/v1/batches', '/v1/batches', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', '', '', 0, 0, 174, 681, 5994, 6003, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga12m0h40zashk6s7fd', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 83, 511, 0, 318496, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga12qpx6r830xn9gnqy', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 83, 511, 0, 312238, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga13wzj1cskttz9chgt', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 391737, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga157kf5wkwxkbystd4', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 391833, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga178wett35hc5ych2g', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 83, 511, 0, 327438, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga19qa19ydxjz941x2p', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 391765, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga1b31rmpx3q338g7qr', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 83, 511, 0, 318203, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga1dr7rynq8ze06mw0t', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 395896, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga1et0ggwzrxnf57w8q', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 83, 511, 0, 325393, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga1f2d1y567e03zx1gm', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 83, 511, 0, 326694, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga1h9d0phqnhdgkds6e', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 83, 511, 0, 331872, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga1s4mat8g7b0htjmc1', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 392034, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga1sg7ja07kbybpwrp6', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 83, 511, 0, 324758, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga1tx90wksxwczsee5d', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 393629, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga1xtpfn2ybrcgt1ay1', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 83, 511, 0, 395948, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajga1zs87ddqxwsm1day2', 1795710075201000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 391531, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh110gfvvdh1kvevj369', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 335902, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh113qt0wm9qa36qfsaf', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 335280, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh1149ryjsb5ks059ypz', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 344141, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11c0d6kf68ptyynq2k', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 330222, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11cvz6cjrby428wvzt', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 370145, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11f26phrrpepk30rs8', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 308891, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11fwhgvgz5a3vd7e7g', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 335371, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11mjc69msppp2hdmfh', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 340316, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11ndn4cpemq4p2xc3n', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 363449, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11r8m09epnsyhpkc8d', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 340738, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11s32pkqvvbwa4yxbx', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 340407, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11tgsvc9rh4gdah2d3', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 340278, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11tztf4hdr77dnbana', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 341049, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11wr6pqw9t3ph1gd0f', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 336816, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11ycarj40v6dvn87ag', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 335514, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajh11z2bnd7ac6gyqj2bn', 1795710075937000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 335817, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajhezqkdg9y90c90aw7wp', 1795710076383976, 'GET', '/v1/batches', '/v1/batches', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', '', '', 0, 0, 0, 1601, 1088, 1095, 0, '127.0.0.1');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajhp22tnrbvfbr3weprjh', 1795710076610000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 305184, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajhp2a34mstbfv6q8hwdx', 1795710076610000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 365353, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajhp2b7m8s19dj571zcez', 1795710076610000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 350996, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajhp2frt639197sgxa698', 1795710076610000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 323454, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajhp2p9tk3enfzxersnkc', 1795710076610000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 325642, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajhp2s4jznq4prr1k8jh2', 1795710076610000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 355311, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajhp2s7e9qvt3gvc595t1', 1795710076610000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 374600, 0, 'batch');
insert into "request_log" ("request", "at", "method", "route", "path", "status", "outcome", "error_id", "account", "api_key", "model", "target", "tokens_in", "tokens_out", "bytes_in", "bytes_out", "first_byte", "duration", "streamed", "client") values ('req_01m8cajhp2tvnrmp3s3gdmk4t3', 1795710076610000, 'POST', '/v1/chat/completions', '/v1/chat/completions', 200, 'ok', '', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'up/big', 7, 9, 84, 512, 0, 323954, 0, 'batch');
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
insert into "prediction" ("id", "account", "api_key", "model", "shown", "type", "spelling", "source", "stream", "input", "status", "version", "created_at", "started_at", "completed_at", "updated_at", "idempotency_key", "request_hash", "handed", "attempt", "beat", "cancel", "target", "submission", "upstream", "deadline", "output", "error", "error_id", "logs", "progress", "predict_time", "event_count", "purge_at", "removed", "webhook_url", "webhook_events", "webhook_base", "webhook_key", "amount", "price_version", "quote") values ('01a218a9-0dc2-7544-b698-ff704b6e02a6', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', 'skytower-upscale-2x', 'skytower-upscale-2x', 'image', 'cancelled', 'api', 0, '{"image": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABGdBTUEAALGPC/xhBQAAACBjSFJNAAB6JgAAgIQAAPoAAACA6AAAdTAAAOpgAAA6mAAAF3CculE8AAAABlBMVEX/AAD///9BHTQRAAAAAWJLR0QB/wIt3gAAAAd0SU1FB+oLGhAULUQoPP4AAAALSURBVAjXY2BABQAAEAABocUhwQAAACV0RVh0ZGF0ZTpjcmVhdGUAMjAyNi0xMS0yNlQxNjoyMDo0NSswMDowMPix2HgAAAAldEVYdGRhdGU6bW9kaWZ5ADIwMjYtMTEtMjZUMTY6MjA6NDUrMDA6MDCJ7GDEAAAAAElFTkSuQmCC"}', 'succeeded', 4, 1795710062018331, 1795710062035059, 1795710062108125, 1795710062108125, NULL, X'7E523E6A19E01D0D443C968D89562EE56936AA80FC64D4CE104BD703AF8CD1FF', 0, 1, 1795710062108504, 0, '', '', '', 1795711862035059, 'null', '', '', '', 99999, 45767, 0, 1795796462108125, 0, '', '', 'http://127.0.0.1:8071', '', 0, 0, '');
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
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('account', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 0, 1795710062018984, '');
insert into "prediction_lane" ("kind", "name", "handed", "last_at", "front") values ('model', 'skytower-upscale-2x', 0, 1795710062018984, '');
CREATE TABLE prediction_count (
    account text collate binary not null,
    day     bigint not null, -- of creation, days since 1970 in UTC
    model   text collate binary not null,
    status  text collate binary not null,
    n       bigint not null,
    primary key (account, day, model, status)
);
insert into "prediction_count" ("account", "day", "model", "status", "n") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 20783, 'skytower-upscale-2x', 'succeeded', 1);
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
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8caj3gedc9rzhx13y0z0j9y', 'acct_o7xbr7ozvuot32tttfe3eqk6em', '01a218a9-0dc2-7544-b698-ff704b6e02a6', 1, 0, 'output', 'upscaled.png', 'image/png', 500, '', X'747B4EABE53DB03545368B1E57F4198EFDEF6B92D4B1BF18AA723986B4359979', 'kept', 1795710062094764, 1795796462108125);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8cajawj4r5b0rfarr0mwkm6', 'acct_o7xbr7ozvuot32tttfe3eqk6em', '', 0, 0, 'upload', 'lines.jsonl', 'text/plain', 512, 'batch', X'4714B8F9512C2E0598E84976069F2FF51D2B9EDB876E271BEAA911DB8DAF0D39', 'kept', 1795710069650399, 1795800069758256);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8cajb3c45s3cys8q5z3wvdm', 'acct_o7xbr7ozvuot32tttfe3eqk6em', '', 0, 0, 'upload', 'batch_01m8cajazysm6ee5tqh6qq0vb6_output.jsonl', 'application/jsonl', 1239, 'batch_output', X'6C6D1541017320CB7D52E5FAD3EC3546424FB940396542A93986BABC762FF6BD', 'kept', 1795710069868038, 1798302069884415);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8cajb3j6dentp5brzsv0p06', 'acct_o7xbr7ozvuot32tttfe3eqk6em', '', 0, 0, 'upload', 'batch_01m8cajazysm6ee5tqh6qq0vb6_error.jsonl', 'application/jsonl', 402, 'batch_output', X'519FD0D6AB6B21EC8C1FD47982C3B0A2B28F2B74C95C5624C07B1E20B49FC359', 'kept', 1795710069874031, 1798302069884610);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8cajg1y2y0n3nhb8ch3x2pe', 'acct_o7xbr7ozvuot32tttfe3eqk6em', '', 0, 0, 'upload', 'more.jsonl', 'text/plain', 6222, 'batch', X'0DDD7693F9D7717F53AD4A7638207F6820DC601A34F51FCE1C92B7BD8AB4D8F5', 'kept', 1795710074942663, 1795800075141139);
insert into "file" ("id", "account", "prediction", "attempt", "ordinal", "role", "name", "type", "size", "purpose", "digest", "state", "created_at", "expires_at") values ('file-01m8cajj3c5mz11n305n4bmn7b', 'acct_o7xbr7ozvuot32tttfe3eqk6em', '', 0, 0, 'upload', 'batch_01m8cajg85vkztnvkc0fexwvz9_output.jsonl', 'application/jsonl', 26582, 'batch_output', X'94DD4FD69AC59139297A05170F71DA54CB2F5D978800FB77725F70573FCEF0C7', 'kept', 1795710077036073, 1795796477036073);
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
insert into "account_member" ("id", "account", "name", "email", "role", "created_at", "removed_at", "person") values ('mem_kxrv6e6hdf3rk44ywrekipoac4', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'Ada', 'ada@example.com', 'owner', 1795710077598434, 0, 'per_7k6ggs47senhazpa3swde3frhl');
CREATE TABLE price (
    version bigint not null primary key, -- from 1
    model   text collate binary not null,
    at      bigint not null,
    actor   text   not null,
    spec    text   not null -- JSON of the operator's pricing
);
insert into "price" ("version", "model", "at", "actor", "spec") values (1, 'big', 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', '{"currency":"USD","unit":"million_token","input":2,"output":8}');
insert into "price" ("version", "model", "at", "actor", "spec") values (2, 'other', 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', '{"currency":"USD","unit":"million_token","input":30,"output":90}');
insert into "price" ("version", "model", "at", "actor", "spec") values (3, 'small', 1795710061592502, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', '{"currency":"USD","unit":"million_token","input":0.5,"output":1}');
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
insert into "purse" ("id", "kind", "owner", "credit_line", "draw_order", "held", "seq", "earlier", "created_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'account', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 0, 'sponsored deposited payg', 0, 3, 0, 1795710061016084);
CREATE TABLE bucket (
    id         text collate binary not null primary key, -- PURSE:KIND or PURSE:sponsored:N
    purse      text collate binary not null references purse (id),
    kind       text   not null check (kind in ('sponsored', 'deposited', 'payg', 'budget')),
    seq        bigint not null,
    balance    bigint not null check (typeof(balance) = 'integer'), -- a sum too large becomes a float there
    expires_at bigint not null, -- 0: never
    created_at bigint not null
);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em:deposited', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'deposited', 1, 0, 0, 1795710061016084);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em:payg', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'payg', 2, 0, 0, 1795710061016084);
insert into "bucket" ("id", "purse", "kind", "seq", "balance", "expires_at", "created_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'sponsored', 3, 9995991750, 0, 1795710061016084);
CREATE TABLE posting (
    transfer text collate binary not null,
    source   text collate binary not null,
    dest     text collate binary not null,
    amount   bigint not null check (amount > 0),
    at       bigint not null,
    primary key (transfer, source, dest)
 ) without rowid;
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtbrshb-35448qc6m90m7', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 12500, 1795710063204335);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtbvifk-19kgy6mkfszg8', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 12500, 1795710063377936);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtbxwqu-4t1pxjfd6vxy', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 86000, 1795710063489798);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtbzml6-1uw4mq0oy1x8u', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 86000, 1795710063569946);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtc1ukd-2nly0dga7vmqc', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 86000, 1795710063673597);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixte0fy4-umt9gqw7fx5t', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 62000, 1795710066967228);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtfd9xm-92114mi6j7yg', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 12500, 1795710069245578);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtfeu87-2z1ksna78n0dz', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 1250, 1795710069318535);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtfj1w4-rk5minnwsetb', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 86000, 1795710069515092);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtfq828-2vubth7wu6imp', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 12500, 1795710069849680);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtfqb44-1hp7bs1vzx4iq', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 12500, 1795710069853636);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtfqhck-2g5w5zlm18ij6', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 12500, 1795710069861716);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtikdag-181sdg0o14t31', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 86000, 1795710074615368);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtj3nrf-3ey2fpbk65bwf', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 86000, 1795710075515403);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtj3q85-1ltp5esjj2qi0', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 172000, 1795710075518597);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtj3y8b-19tnfot09dm74', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 430000, 1795710075528971);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjbiqk-13enxqyhuuq8p', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 172000, 1795710075882140);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjcdld-5ksdjs7319d4', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 516000, 1795710075922129);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjjdac-o9u4ov7ek07m', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 86000, 1795710076248324);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjk6x5-29szp9fjx097l', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 602000, 1795710076286729);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjr1lm-2y2zht2eduq7s', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 86000, 1795710076606426);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjr6oe-14ze67479ovqv', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 86000, 1795710076613006);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjrjx3-3sazw0i3egbz1', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 344000, 1795710076630167);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjrwvc-2sfmdczldv6fq', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 172000, 1795710076646952);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjyonl-w46bvu3oi1h0', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 86000, 1795710076962897);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjysfq-2krv8dyzkbuag', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 258000, 1795710076967798);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjz7jx-30jcg39fx6pm5', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 172000, 1795710076987389);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('hoixtjzmxq-t69p5o0mwbce', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'revenue', 172000, 1795710077007326);
insert into "posting" ("transfer", "source", "dest", "amount", "at") values ('operator/acct_o7xbr7ozvuot32tttfe3eqk6em/5opkcbmamijpkmqp6lkelw3qwo', 'granted', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 10000000000, 1795710061015648);
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
insert into "transfer" ("id", "kind", "account", "amount", "at", "actor", "reason", "ref", "digest") values ('operator/acct_o7xbr7ozvuot32tttfe3eqk6em/5opkcbmamijpkmqp6lkelw3qwo', 'grant', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 10000000000, 1795710061015648, 'opr_gygk2d6q5fxvqgcyd3zi4zyuer', 'Welcome', '', X'2054A35FB57875352677E458411781DA64BC04262E83B4EB4C23C7BEA52C758C');
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
insert into "lease" ("id", "purse", "bucket", "replica", "amount", "used", "state", "recall", "created_at", "expires_at") values ('lease_AML35O6NS2JQTYTBLDZJWKNR7I', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'acct_o7xbr7ozvuot32tttfe3eqk6em:sponsored:3', 'KPGATIRSSGMGB5S2E2HHIQX54X', 2493408000, 4008250, 'live', 0, 1795710063149766, 1795710127099919);
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
insert into "response_thread" ("account", "id", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 1798302074620603);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_62bbfdf827e3122fa2cfc7209f263308', 1798302063677949);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_77737dd5dccf4e6c98793398cd7abf60', 1798302066970261);
insert into "response_thread" ("account", "id", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_a20944424d950d8fd5d81593a1f61699', 1798302063491690);
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
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 'resp_056931cf8b97b53508582d1c7e2ad74b', '', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'completed', 1, '{"id":"resp_056931cf8b97b53508582d1c7e2ad74b","object":"response","created_at":1795710067,"completed_at":1795710074,"status":"completed","background":true,"model":"big","output_text":"You said: slow and left behind one two three four five six seven (1 messages) ","output":[{"id":"msg_bc004185825e1d78db6dcec6a6702ae7","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":[{"blocked":false,"source_type":"prompt","content_filter_results":{"personal_data":{"filtered":false,"detected":false},"rules":{"filtered":false,"detected":false}}},{"blocked":false,"source_type":"completion","content_filter_results":{"personal_data":{"filtered":false,"detected":false}}}],"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 21, 0, 1795710074187330, 1795710067068070, 1795710074619876);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_62bbfdf827e3122fa2cfc7209f263308', 'resp_62bbfdf827e3122fa2cfc7209f263308', '', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'completed', 1, '{"id":"resp_62bbfdf827e3122fa2cfc7209f263308","object":"response","created_at":1795710063,"completed_at":1795710063,"status":"completed","background":true,"model":"big","output_text":"You said: quick (1 messages) ","output":[{"id":"msg_bd16c51a6a67d7e714e56736cedd30a6","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":[{"blocked":false,"source_type":"prompt","content_filter_results":{"personal_data":{"filtered":false,"detected":false},"rules":{"filtered":false,"detected":false}}},{"blocked":false,"source_type":"completion","content_filter_results":{"personal_data":{"filtered":false,"detected":false}}}],"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 11, 0, 1795710063654766, 1795710063639317, 1795710063677282);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_77737dd5dccf4e6c98793398cd7abf60', 'resp_77737dd5dccf4e6c98793398cd7abf60', '', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'cancelled', 1, '{"id":"resp_77737dd5dccf4e6c98793398cd7abf60","object":"response","created_at":1795710065,"completed_at":null,"status":"cancelled","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 1, 5, 1795710066958302, 1795710066920148, 1795710065789752, 1795710066970064);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_a20944424d950d8fd5d81593a1f61699', 'resp_a20944424d950d8fd5d81593a1f61699', '', 'key_kgyqhtp7376teodk37dnol5tdv', 'small', 'completed', 0, '{"id":"resp_a20944424d950d8fd5d81593a1f61699","object":"response","created_at":1795710063,"completed_at":1795710063,"status":"completed","background":false,"model":"small","output_text":"You said: My name is Ada. (1 messages)","output":[{"id":"msg_e944543b44f1719e709ce485a823de72","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: My name is Ada. (1 messages)","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 0, -1, 0, 0, 1795710063000000, 1795710063380047);
insert into "response" ("account", "id", "thread", "previous", "api_key", "model", "state", "background", "body", "request", "attempt", "sequence", "cancel_at", "beat_at", "created_at", "ended_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_b079796fb0b2aa79644ed08a116f4d53', 'resp_a20944424d950d8fd5d81593a1f61699', 'resp_a20944424d950d8fd5d81593a1f61699', 'key_kgyqhtp7376teodk37dnol5tdv', 'big', 'completed', 0, '{"id":"resp_b079796fb0b2aa79644ed08a116f4d53","object":"response","created_at":1795710063,"completed_at":1795710063,"status":"completed","background":false,"model":"big","output_text":"You said: Who? (3 messages)","output":[{"id":"msg_e828f45f8d7c66bafec5559cbf389114","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Who? (3 messages)","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":"resp_a20944424d950d8fd5d81593a1f61699","store":true,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":[{"blocked":false,"source_type":"prompt","content_filter_results":{"personal_data":{"filtered":false,"detected":false},"rules":{"filtered":false,"detected":false}}},{"blocked":false,"source_type":"completion","content_filter_results":{"personal_data":{"filtered":false,"detected":false}}}],"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}', '', 0, -1, 0, 0, 1795710063000000, 1795710063491225);
CREATE TABLE response_item (
    account    text collate binary not null,
    response   text collate binary not null,
    place      bigint not null, -- input: -N to -1; output: from 0
    id         text collate binary not null,
    body       text   not null, -- JSON
    expires_at bigint not null, -- 0: with the thread
    primary key (account, response, place)
);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', -1, 'msg_01m8caj8bvjpj3rez9ncv4adwg', '{"type":"message","role":"user","content":[{"type":"input_text","text":"slow and left behind one two three four five six seven"}],"id":"msg_01m8caj8bvjpj3rez9ncv4adwg"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 0, 'msg_bc004185825e1d78db6dcec6a6702ae7', '{"id":"msg_bc004185825e1d78db6dcec6a6702ae7","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_62bbfdf827e3122fa2cfc7209f263308', -1, 'msg_01m8caj50p4wefs3xy0vwr3qhd', '{"type":"message","role":"user","content":[{"type":"input_text","text":"quick"}],"id":"msg_01m8caj50p4wefs3xy0vwr3qhd"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_62bbfdf827e3122fa2cfc7209f263308', 0, 'msg_bd16c51a6a67d7e714e56736cedd30a6', '{"id":"msg_bd16c51a6a67d7e714e56736cedd30a6","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_77737dd5dccf4e6c98793398cd7abf60', -1, 'msg_01m8caj73x1v3k6rbebhspm2sc', '{"type":"message","role":"user","content":[{"type":"input_text","text":"slow to be cancelled one two three"}],"id":"msg_01m8caj73x1v3k6rbebhspm2sc"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_a20944424d950d8fd5d81593a1f61699', -1, 'msg_01m8caj4ngs8c9h7yyhzrt1xvg', '{"type":"message","role":"user","content":[{"type":"input_text","text":"My name is Ada."}],"id":"msg_01m8caj4ngs8c9h7yyhzrt1xvg"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_a20944424d950d8fd5d81593a1f61699', 0, 'msg_e944543b44f1719e709ce485a823de72', '{"id":"msg_e944543b44f1719e709ce485a823de72","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: My name is Ada. (1 messages)","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_b079796fb0b2aa79644ed08a116f4d53', -1, 'msg_01m8caj4vwf5xy1gem80k2cj53', '{"type":"message","role":"user","content":[{"type":"input_text","text":"Who?"}],"id":"msg_01m8caj4vwf5xy1gem80k2cj53"}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_b079796fb0b2aa79644ed08a116f4d53', 0, 'msg_e828f45f8d7c66bafec5559cbf389114', '{"id":"msg_e828f45f8d7c66bafec5559cbf389114","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Who? (3 messages)","annotations":[],"logprobs":[]}]}', 0);
insert into "response_item" ("account", "response", "place", "id", "body", "expires_at") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_f85ba8fc1ba6a36e6d749e34042c3452', 0, 'msg_da17debe257096a89fef8b5d960b15c6', '{"id":"msg_da17debe257096a89fef8b5d960b15c6","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: Not stored. (1 messages)","annotations":[],"logprobs":[]}]}', 1795710663574453);
CREATE TABLE response_event (
    account  text collate binary not null,
    response text collate binary not null,
    first    bigint not null, -- sequence number of the row's first event
    last     bigint not null,
    events   text   not null,
    primary key (account, response, first)
);
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 0, 2, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_056931cf8b97b53508582d1c7e2ad74b","object":"response","created_at":1795710067,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_056931cf8b97b53508582d1c7e2ad74b","object":"response","created_at":1795710067,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_056931cf8b97b53508582d1c7e2ad74b","object":"response","created_at":1795710067,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 3, 5, '3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_bc004185825e1d78db6dcec6a6702ae7","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"You said: ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 6, 6, '6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"slow ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 7, 7, '7 response.output_text.delta {"type":"response.output_text.delta","sequence_number":7,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"and ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 8, 8, '8 response.output_text.delta {"type":"response.output_text.delta","sequence_number":8,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"left ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 9, 9, '9 response.output_text.delta {"type":"response.output_text.delta","sequence_number":9,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"behind ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 10, 10, '10 response.output_text.delta {"type":"response.output_text.delta","sequence_number":10,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"one ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 11, 11, '11 response.output_text.delta {"type":"response.output_text.delta","sequence_number":11,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"two ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 12, 12, '12 response.output_text.delta {"type":"response.output_text.delta","sequence_number":12,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"three ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 13, 13, '13 response.output_text.delta {"type":"response.output_text.delta","sequence_number":13,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"four ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 14, 14, '14 response.output_text.delta {"type":"response.output_text.delta","sequence_number":14,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"five ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 15, 15, '15 response.output_text.delta {"type":"response.output_text.delta","sequence_number":15,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"six ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 16, 16, '16 response.output_text.delta {"type":"response.output_text.delta","sequence_number":16,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"seven ","logprobs":[]}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_056931cf8b97b53508582d1c7e2ad74b', 17, 21, '17 response.output_text.delta {"type":"response.output_text.delta","sequence_number":17,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","delta":"(1 messages) ","logprobs":[]}
18 response.output_text.done {"type":"response.output_text.done","sequence_number":18,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","text":"You said: slow and left behind one two three four five six seven (1 messages) ","logprobs":[]}
19 response.content_part.done {"type":"response.content_part.done","sequence_number":19,"output_index":0,"content_index":0,"item_id":"msg_bc004185825e1d78db6dcec6a6702ae7","part":{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}}
20 response.output_item.done {"type":"response.output_item.done","sequence_number":20,"output_index":0,"item":{"id":"msg_bc004185825e1d78db6dcec6a6702ae7","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}}
21 response.completed {"type":"response.completed","sequence_number":21,"response":{"id":"resp_056931cf8b97b53508582d1c7e2ad74b","object":"response","created_at":1795710067,"completed_at":1795710074,"status":"completed","background":true,"model":"big","output_text":"You said: slow and left behind one two three four five six seven (1 messages) ","output":[{"id":"msg_bc004185825e1d78db6dcec6a6702ae7","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: slow and left behind one two three four five six seven (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":[{"blocked":false,"source_type":"prompt","content_filter_results":{"personal_data":{"filtered":false,"detected":false},"rules":{"filtered":false,"detected":false}}},{"blocked":false,"source_type":"completion","content_filter_results":{"personal_data":{"filtered":false,"detected":false}}}],"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_62bbfdf827e3122fa2cfc7209f263308', 0, 11, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_62bbfdf827e3122fa2cfc7209f263308","object":"response","created_at":1795710063,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_62bbfdf827e3122fa2cfc7209f263308","object":"response","created_at":1795710063,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_62bbfdf827e3122fa2cfc7209f263308","object":"response","created_at":1795710063,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_bd16c51a6a67d7e714e56736cedd30a6","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_bd16c51a6a67d7e714e56736cedd30a6","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_bd16c51a6a67d7e714e56736cedd30a6","delta":"You said: ","logprobs":[]}
6 response.output_text.delta {"type":"response.output_text.delta","sequence_number":6,"output_index":0,"content_index":0,"item_id":"msg_bd16c51a6a67d7e714e56736cedd30a6","delta":"quick ","logprobs":[]}
7 response.output_text.delta {"type":"response.output_text.delta","sequence_number":7,"output_index":0,"content_index":0,"item_id":"msg_bd16c51a6a67d7e714e56736cedd30a6","delta":"(1 messages) ","logprobs":[]}
8 response.output_text.done {"type":"response.output_text.done","sequence_number":8,"output_index":0,"content_index":0,"item_id":"msg_bd16c51a6a67d7e714e56736cedd30a6","text":"You said: quick (1 messages) ","logprobs":[]}
9 response.content_part.done {"type":"response.content_part.done","sequence_number":9,"output_index":0,"content_index":0,"item_id":"msg_bd16c51a6a67d7e714e56736cedd30a6","part":{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}}
10 response.output_item.done {"type":"response.output_item.done","sequence_number":10,"output_index":0,"item":{"id":"msg_bd16c51a6a67d7e714e56736cedd30a6","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}}
11 response.completed {"type":"response.completed","sequence_number":11,"response":{"id":"resp_62bbfdf827e3122fa2cfc7209f263308","object":"response","created_at":1795710063,"completed_at":1795710063,"status":"completed","background":true,"model":"big","output_text":"You said: quick (1 messages) ","output":[{"id":"msg_bd16c51a6a67d7e714e56736cedd30a6","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"You said: quick (1 messages) ","annotations":[],"logprobs":[]}]}],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":{"input_tokens":7,"output_tokens":9,"total_tokens":16,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":0}},"content_filters":[{"blocked":false,"source_type":"prompt","content_filter_results":{"personal_data":{"filtered":false,"detected":false},"rules":{"filtered":false,"detected":false}}},{"blocked":false,"source_type":"completion","content_filter_results":{"personal_data":{"filtered":false,"detected":false}}}],"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_77737dd5dccf4e6c98793398cd7abf60', 0, 2, '0 response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_77737dd5dccf4e6c98793398cd7abf60","object":"response","created_at":1795710065,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
1 response.queued {"type":"response.queued","sequence_number":1,"response":{"id":"resp_77737dd5dccf4e6c98793398cd7abf60","object":"response","created_at":1795710065,"completed_at":null,"status":"queued","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
2 response.in_progress {"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_77737dd5dccf4e6c98793398cd7abf60","object":"response","created_at":1795710065,"completed_at":null,"status":"in_progress","background":true,"model":"big","output_text":"","output":[],"instructions":null,"previous_response_id":null,"store":false,"temperature":null,"top_p":null,"max_output_tokens":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"truncation":"disabled","metadata":{},"error":null,"incomplete_details":null,"service_tier":"default","frequency_penalty":0,"presence_penalty":0,"usage":null,"content_filters":null,"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null}}}
');
insert into "response_event" ("account", "response", "first", "last", "events") values ('acct_o7xbr7ozvuot32tttfe3eqk6em', 'resp_77737dd5dccf4e6c98793398cd7abf60', 3, 5, '3 response.output_item.added {"type":"response.output_item.added","sequence_number":3,"output_index":0,"item":{"id":"msg_609371534e021398667fa194d2a5f09b","type":"message","status":"in_progress","role":"assistant","content":[]}}
4 response.content_part.added {"type":"response.content_part.added","sequence_number":4,"output_index":0,"content_index":0,"item_id":"msg_609371534e021398667fa194d2a5f09b","part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
5 response.output_text.delta {"type":"response.output_text.delta","sequence_number":5,"output_index":0,"content_index":0,"item_id":"msg_609371534e021398667fa194d2a5f09b","delta":"You said: ","logprobs":[]}
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
insert into "person" ("id", "email", "name", "password", "checked_at", "created_at", "changed_at") values ('per_7k6ggs47senhazpa3swde3frhl', 'ada@example.com', 'Ada', '$argon2id$v=19$m=19456,t=2,p=1$dwSrsub0Ih09ZoJG/l7gSw$LTzbNjTkwL1YhNvBvdUGyx57Rc5Wv6JyHpWlyZSk7DY', 0, 1795710077096543, 1795710077096543);
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
insert into "person_session" ("id", "digest", "person", "viewing", "created_at", "seen_at", "expires_at", "address", "agent") values ('ses_ktbetpproevd63twl5m44na6ej', X'20F03BFE3726AACBCA9310D4432A9D3861E04C65523CC7C228636BD99096996E', 'per_7k6ggs47senhazpa3swde3frhl', '', 1795710077606244, 1795710077606244, 1798302077606244, '127.0.0.1', 'curl/7.88.1');
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
insert into "person_link" ("digest", "kind", "person", "member", "operator", "email", "inviter", "proves", "created_at", "expires_at", "used_at") values (X'49EC438C727A8C41A5F2C7FF8237EEDB3944A2458681B64A05FACA7794D18286', 'setup', '', '', '', '', '', 0, 1795710047133525, 1795796447133525, 1795710077597986);
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
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498808, '', 'big', '', 46, 334, 408, 0, 0, 3932000, 0);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498808, '', 'small', '', 7, 49, 63, 0, 0, 76250, 15000);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498808, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'big', 'key_kgyqhtp7376teodk37dnol5tdv', 46, 334, 408, 0, 0, 3932000, 0);
insert into "usage_sum" ("hours", "at", "account", "model", "api_key", "requests", "units_in", "units_out", "units_cached", "units_reasoning", "amount", "cost") values (1, 498808, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'small', 'key_kgyqhtp7376teodk37dnol5tdv', 7, 49, 63, 0, 0, 76250, 15000);
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
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, '', '', '', 'chat', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, '', '', '', 'other', 13, 0, 0, 155744, 13, 155496, 0, 1, 1, 0, 1, 3, 0, 3, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, '', 'big', '', 'chat', 41, 1, 0, 13888295, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, '', 'big', '', 'messages', 1, 0, 0, 10634, 1, 10563, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, '', 'big', '', 'responses', 5, 0, 0, 56370, 5, 56300, 0, 0, 0, 0, 0, 2, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, '', 'skytower-upscale-2x', '', 'predictions', 1, 0, 0, 5039, 1, 5032, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, '', 'small', '', 'chat', 6, 0, 0, 296085, 3, 130675, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, '', 'small', '', 'responses', 1, 0, 0, 106237, 1, 106170, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, 'acct_o7xbr7ozvuot32tttfe3eqk6em', '', 'key_kgyqhtp7376teodk37dnol5tdv', 'chat', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, 'acct_o7xbr7ozvuot32tttfe3eqk6em', '', 'key_kgyqhtp7376teodk37dnol5tdv', 'other', 6, 0, 0, 68008, 6, 67948, 0, 1, 0, 0, 0, 2, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'big', 'key_kgyqhtp7376teodk37dnol5tdv', 'chat', 41, 1, 0, 13888295, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'big', 'key_kgyqhtp7376teodk37dnol5tdv', 'messages', 1, 0, 0, 10634, 1, 10563, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'big', 'key_kgyqhtp7376teodk37dnol5tdv', 'responses', 5, 0, 0, 56370, 5, 56300, 0, 0, 0, 0, 0, 2, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'skytower-upscale-2x', 'key_kgyqhtp7376teodk37dnol5tdv', 'predictions', 1, 0, 0, 5039, 1, 5032, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'small', 'key_kgyqhtp7376teodk37dnol5tdv', 'chat', 6, 0, 0, 296085, 3, 130675, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'small', 'key_kgyqhtp7376teodk37dnol5tdv', 'responses', 1, 0, 0, 106237, 1, 106170, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
insert into "traffic_sum" ("hours", "at", "account", "model", "api_key", "family", "requests", "errors", "failed", "duration", "firsts", "first_byte", "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17", "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30", "h31") values (1, 498808, 'operator', '', 'opk_3v2y5aib75ney7byvlddvslsqg', 'other', 7, 0, 0, 87736, 7, 87548, 0, 0, 1, 0, 1, 1, 0, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
CREATE TABLE rollup (
    source  text collate binary not null primary key,
    settled bigint not null,
    days    bigint not null,
    kept    bigint not null,
    owner   text collate binary not null,
    until   bigint not null
);
insert into "rollup" ("source", "settled", "days", "kept", "owner", "until") values ('charges', 498808, 20783, 497952, 'KPGATIRSSGMGB5S2E2HHIQX54X', 1795710110099376);
insert into "rollup" ("source", "settled", "days", "kept", "owner", "until") values ('requests', 498808, 20783, 497952, 'KPGATIRSSGMGB5S2E2HHIQX54X', 1795710110099376);
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
insert into "catalog_guard" ("name", "spec", "managed", "created_at") values ('private', '{"name":"private","kind":"personal_data","on":"both","action":"redact"}', 'r9.yaml', 1795710061591741);
insert into "catalog_guard" ("name", "spec", "managed", "created_at") values ('words', '{"name":"words","kind":"rules","on":"prompt","action":"block","words":["gherkin"],"patterns":["(?i)code-[0-9]{4}"]}', 'r9.yaml', 1795710061591741);
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
, idempotency_key text collate binary, request_hash blob, output_life bigint not null default 0, model text not null default '', units_in bigint not null default 0, units_out bigint not null default 0, units_cached bigint not null default 0, units_reasoning bigint not null default 0, amount bigint not null default 0);
insert into "batch" ("id", "account", "api_key", "endpoint", "time_window", "input_file", "output_file", "error_file", "metadata", "state", "problems", "lines", "completed", "failed", "created_at", "started_at", "finalizing_at", "cancelling_at", "ended_at", "expires_at", "purge_at", "cleared", "runner", "lease_until", "idempotency_key", "request_hash", "output_life", "model", "units_in", "units_out", "units_cached", "units_reasoning", "amount") values ('batch_01m8cajazysm6ee5tqh6qq0vb6', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', '/v1/chat/completions', '24h', 'file-01m8cajawj4r5b0rfarr0mwkm6', 'file-01m8cajb3c45s3cys8q5z3wvdm', 'file-01m8cajb3j6dentp5brzsv0p06', '', 'completed', '', 4, 3, 1, 1795710069758256, 1795710069787250, 1795710069863441, 0, 1795710069884343, 1795796469758256, 1798302069884343, 1, '', 0, NULL, NULL, 0, '', 21, 27, 0, 0, 37500);
insert into "batch" ("id", "account", "api_key", "endpoint", "time_window", "input_file", "output_file", "error_file", "metadata", "state", "problems", "lines", "completed", "failed", "created_at", "started_at", "finalizing_at", "cancelling_at", "ended_at", "expires_at", "purge_at", "cleared", "runner", "lease_until", "idempotency_key", "request_hash", "output_life", "model", "units_in", "units_out", "units_cached", "units_reasoning", "amount") values ('batch_01m8cajg85vkztnvkc0fexwvz9', 'acct_o7xbr7ozvuot32tttfe3eqk6em', 'key_kgyqhtp7376teodk37dnol5tdv', '/v1/chat/completions', '24h', 'file-01m8cajg1y2y0n3nhb8ch3x2pe', 'file-01m8cajj3c5mz11n305n4bmn7b', '', '', 'completed', '', 40, 40, 0, 1795710075141139, 1795710075199789, 1795710077017932, 0, 1795710077043264, 1795796475141139, 1798302077043264, 1, '', 0, 'again-1', X'A7D5AC809DF9AEF5EEC144F7B1B967F411900AA29249CABD8218A87D06E3CCD0', 86400000000, 'big', 280, 360, 0, 0, 3440000);
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
    answer      blob, unsure boolean not null default false, -- JSON on one line: the answer's body; where status is 0, an error; null until then
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
insert into "river_leader" ("elected_at", "expires_at", "leader_id", "name") values ('2026-11-26 16:20:47.108', '2026-11-26 16:21:32.224', 'tower_2026_11_26T16_20_47_105585', 'default');
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
insert into "river_migration" ("line", "version", "created_at") values ('main', 1, '2026-11-26 16:20:46');
insert into "river_migration" ("line", "version", "created_at") values ('main', 2, '2026-11-26 16:20:46');
insert into "river_migration" ("line", "version", "created_at") values ('main', 3, '2026-11-26 16:20:46');
insert into "river_migration" ("line", "version", "created_at") values ('main', 4, '2026-11-26 16:20:47');
insert into "river_migration" ("line", "version", "created_at") values ('main', 5, '2026-11-26 16:20:47');
insert into "river_migration" ("line", "version", "created_at") values ('main', 6, '2026-11-26 16:20:47');
insert into "river_migration" ("line", "version", "created_at") values ('main', 7, '2026-11-26 16:20:47');
insert into "river_migration" ("line", "version", "created_at") values ('main', 8, '2026-11-26 16:20:47');
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
insert into "river_notification" ("id", "created_at", "payload", "topic") values (1, '2026-11-26 16:21:02.020', '{"queue": "local"}', 'river_insert');
insert into "river_notification" ("id", "created_at", "payload", "topic") values (2, '2026-11-26 16:21:03.642', '{"queue": "responses"}', 'river_insert');
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('local', '2026-11-26 16:20:47.127', X'0C', NULL, '2026-11-26 16:20:47.127');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('remote', '2026-11-26 16:20:47.126', X'0C', NULL, '2026-11-26 16:20:47.126');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('responses', '2026-11-26 16:20:47.109', X'0C', NULL, '2026-11-26 16:20:47.109');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('upkeep', '2026-11-26 16:20:47.124', X'0C', NULL, '2026-11-26 16:20:47.124');
insert into "river_queue" ("name", "created_at", "metadata", "paused_at", "updated_at") values ('webhooks', '2026-11-26 16:20:47.121', X'0C', NULL, '2026-11-26 16:20:47.121');
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
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (1, X'CC4E276964C72430316132313861392D306463322D373534342D623639382D666637303462366530326136576D6F64656CC713736B79746F7765722D75707363616C652D327877617474656D70741330', 1, '2026-11-26 16:21:02.030', X'CB1FC71D766D5F323032365F31315F32365431365F32305F34375F313035353835', '2026-11-26 16:21:02.020', NULL, '2026-11-26 16:21:02.157', 'prediction_run', 25, X'0C', 1, 'local', 'completed', '2026-11-26 16:21:02.020', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (2, X'CC53776163636F756E74C71F616363745F6F37786272376F7A76756F74333274747466653365716B36656D276964C725726573705F3632626266646638323765333132326661326366633732303966323633333038', 1, '2026-11-26 16:21:03.647', X'CB1FC71D766D5F323032365F31315F32365431365F32305F34375F313035353835', '2026-11-26 16:21:03.642', NULL, '2026-11-26 16:21:03.909', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 16:21:03.642', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (3, X'CC53776163636F756E74C71F616363745F6F37786272376F7A76756F74333274747466653365716B36656D276964C725726573705F3737373337646435646363663465366339383739333339386364376162663630', 1, '2026-11-26 16:21:05.805', X'CB1FC71D766D5F323032365F31315F32365431365F32305F34375F313035353835', '2026-11-26 16:21:05.801', NULL, '2026-11-26 16:21:07.157', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 16:21:05.801', X'0B', NULL, NULL);
insert into "river_job" ("id", "args", "attempt", "attempted_at", "attempted_by", "created_at", "errors", "finalized_at", "kind", "max_attempts", "metadata", "priority", "queue", "state", "scheduled_at", "tags", "unique_key", "unique_states") values (4, X'CC53776163636F756E74C71F616363745F6F37786272376F7A76756F74333274747466653365716B36656D276964C725726573705F3035363933316366386239376235333530383538326431633765326164373462', 1, '2026-11-26 16:21:07.075', X'CB1FC71D766D5F323032365F31315F32365431365F32305F34375F313035353835', '2026-11-26 16:21:07.069', NULL, '2026-11-26 16:21:14.657', 'response', 25, X'0C', 1, 'responses', 'completed', '2026-11-26 16:21:07.069', X'0B', NULL, NULL);
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
CREATE UNIQUE INDEX batch_idempotency on batch (account, idempotency_key) where idempotency_key is not null;
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
insert into sqlite_sequence (name, seq) values ('goose_db_version', 18);
insert into sqlite_sequence (name, seq) values ('river_job', 4);
insert into sqlite_sequence (name, seq) values ('river_notification', 2);
commit;
